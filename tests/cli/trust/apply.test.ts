import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandError } from "../../../src/cli/command.ts";
import { applyStep, readText } from "../../../src/cli/trust/apply.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const quiet = { run: async () => undefined, sudoCommand: "registry trust a" };

test("applyStep() writes below the root with the parents, readable by everybody, and again over it", async () => {
  using root = temporaryDirectory();
  const options = { ...quiet, root: root.path };
  await applyStep({ kind: "write", path: "/etc/x/ca.crt", text: "one" }, options);
  await applyStep({ kind: "write", path: "/etc/x/ca.crt", text: "two" }, options);
  const mode = statSync(join(root.path, "etc/x/ca.crt")).mode & 0o777;
  expect([readText("/etc/x/ca.crt", root.path), mode, existsSync(join(root.path, "etc/x/ca.crt.tmp"))]).toEqual([
    "two",
    0o644,
    false,
  ]);
});

test("applyStep() deletes a file and then its directory, where nothing else is in it", async () => {
  using root = temporaryDirectory();
  const options = { ...quiet, root: root.path };
  for (const name of ["empty", "full"]) mkdirSync(join(root.path, name));
  writeFileSync(join(root.path, "empty/ca.crt"), "");
  writeFileSync(join(root.path, "full/other"), "");
  await applyStep({ kind: "delete", path: "/empty/ca.crt" }, options);
  await applyStep({ kind: "delete", path: "/empty/ca.crt" }, options);
  for (const path of ["/empty", "/full", "/none"]) await applyStep({ kind: "deleteEmptyDirectory", path }, options);
  expect(["empty", "full"].map((name) => existsSync(join(root.path, name)))).toEqual([false, true]);
});

test("applyStep() runs a command, and tells how it failed", async () => {
  const commands: (readonly string[])[] = [];
  const run = async (command: readonly string[]) => {
    commands.push(command);
    return commands.length === 1 ? undefined : "no such program";
  };
  const step = { kind: "run", command: ["update", "all"] } as const;
  await applyStep(step, { ...quiet, root: "/", run });
  await expect(applyStep(step, { ...quiet, root: "/", run })).rejects.toThrow("update all failed: no such program");
  expect(commands).toEqual([step.command, step.command]);
});

test("applyStep() names the path that cannot be changed", async () => {
  using root = temporaryDirectory();
  writeFileSync(join(root.path, "etc"), "");
  const failure = applyStep({ kind: "write", path: "/etc/ca.crt", text: "" }, { ...quiet, root: root.path });
  await expect(failure).rejects.toThrow(CommandError);
  await expect(failure).rejects.toThrow("/etc/ca.crt cannot be changed");
});

test("applyStep() says sudo where a permission is missing", async () => {
  const { path } = await findForbiddenPath();
  const failure = applyStep({ kind: "write", path, text: "" }, { ...quiet, root: "/" });
  await expect(failure).rejects.toThrow(`${path} may not be changed by this user; try: sudo registry trust a`);
});

/** A place where nobody, not even root, may make a directory. */
async function findForbiddenPath(): Promise<{ readonly path: string }> {
  const failure = (path: string) => {
    try {
      mkdirSync(path);
      return undefined;
    } catch (error) {
      return error instanceof Error && "code" in error ? error.code : undefined;
    }
  };
  const candidates = ["/proc/sys/kernel/registry-test", "/sys/registry-test", "/sys/kernel/registry-test"];
  const path = candidates.find((candidate) => ["EACCES", "EPERM"].includes(String(failure(candidate))));
  return { path: `${path ?? "/root/none"}/ca.crt` };
}

test("readText() gives a file's text, and undefined where there is none", () => {
  using root = temporaryDirectory();
  writeFileSync(join(root.path, "a"), "text");
  const texts = ["/a", "/b", "/a/b"].map((path) => readText(path, root.path));
  expect(texts).toEqual(["text", undefined, undefined]);
  expect(readFileSync(join(root.path, "a"), "utf8")).toBe("text");
});
