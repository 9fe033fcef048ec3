import { describe, expect, test } from "bun:test";
import { join } from "node:path";

const source = (name: string) => join(import.meta.dir, "../../src", name);
const sizeBytes = 300_000;

/** A program that writes a text larger than a pipe holds, and tells on standard error what became of it. */
const writer = `
  import { deliver, wasClosed, writeWhole } from ${JSON.stringify(source("cli/output.ts"))};
  const text = "ü".repeat(${sizeBytes / 2});
  const ways = { writeWhole: () => writeWhole(1, text), deliver: () => deliver(1, new TextEncoder().encode(text)) };
  const failure = wasClosed(1) ? "closed" : await ways[process.argv.at(-1)]();
  console.error(JSON.stringify(failure ?? "whole"));
`;

function shell(line: string, how: string): { readonly stdout: string; readonly stderr: string } {
  const { stdout, stderr } = Bun.spawnSync(["sh", "-c", line, "sh", process.execPath, writer, how]);
  return { stdout: stdout.toString().trim(), stderr: stderr.toString().trim() };
}

describe.each(["writeWhole", "deliver"])("%s()", (how) => {
  test.each([
    ["a reader that comes late gets everything", `"$1" -e "$2" "$3" | (sleep 0.3; wc -c)`, `${sizeBytes}`, '"whole"'],
    ["so does a file", `"$1" -e "$2" "$3" >/dev/null`, "", '"whole"'],
    ["a reader that leaves", `"$1" -e "$2" "$3" | true`, "", '{"kind":"left"}'],
    ["a full disk", `"$1" -e "$2" "$3" >/dev/full`, "", '{"kind":"refused","reason":"no space left on the device"}'],
    ["a closed descriptor", `"$1" -e "$2" "$3" >&-`, "", '"closed"'],
  ])("%s", (_name, line, stdout, stderr) => {
    expect(shell(line, how)).toEqual({ stdout, stderr });
  });
});

test("a command that cannot deliver its output fails, and says so once", () => {
  const run = (line: string) => Bun.spawnSync(["sh", "-c", line, "sh", process.execPath, source("main.ts")]);
  const full = run(`"$1" "$2" help >/dev/full`);
  expect([full.exitCode, full.stderr.toString()]).toEqual([
    1,
    "registry: standard output cannot be written: no space left on the device\n",
  ]);
  const left = run(`{ "$1" "$2" help; echo $? >&2; } | true`);
  expect(left.stderr.toString()).toBe("141\n");
});
