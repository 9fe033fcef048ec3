// An archive on standard output, by the executable.
import { expect, test } from "bun:test";
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { openFilesystem } from "../../../src/storage/filesystem.ts";
import { executable } from "../../e2e/executable.ts";
import { must, run } from "../../e2e/program.ts";
import { pushImage, stockedOn } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

/** A store with an image whose archive is far larger than a pipe holds. */
async function filled() {
  const directory = temporaryDirectory();
  const { driver } = await openFilesystem({ root: directory.path, isDurable: false });
  await pushImage(stockedOn(driver), "app", { tag: "v1", layers: ["0123456789".repeat(300_000)] });
  return {
    path: directory.path,
    exporting: `${executable} export --data ${directory.path} app:v1 -o -`,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

test("an export goes into a pipe, whole", async () => {
  using store = await filled();
  const listed = await must(["sh", "-c", `${store.exporting} | (sleep 0.3; tar -tf -)`]);
  expect(listed.trim().split("\n").slice(-2)).toEqual(["oci-layout", "index.json"]);
});

test("a reader that leaves ends it, before the first byte or after some", async () => {
  using store = await filled();
  for (const reader of ["head -c 10 >&2", "true"]) {
    const left = await run(["bash", "-c", `${store.exporting} 2>${store.path}/errors | ${reader}; echo $PIPESTATUS`]);
    expect([left.stdout, await Bun.file(join(store.path, "errors")).text()]).toEqual(["141\n", ""]);
  }
});

test("an output that is full or closed is an error", async () => {
  using store = await filled();
  for (const [target, reason] of [
    [">/dev/full", "no space left on the device"],
    [">&-", "it is closed"],
  ]) {
    const refused = await run(["bash", "-c", `${store.exporting} ${target}`]);
    const stderr = `registry: standard output cannot be written: ${reason}\n`;
    expect(refused).toEqual({ code: 1, stdout: "", stderr });
  }
});

test("SIGTERM ends it while it waits for its reader", async () => {
  using store = await filled();
  const pipe = join(store.path, "pipe");
  await must(["mkfifo", pipe]);
  const child = Bun.spawn(["sh", "-c", `exec ${store.exporting} >${pipe}`], { stderr: "pipe" });
  const reader = openSync(pipe, "r");
  try {
    readSync(reader, new Uint8Array(10));
    child.kill("SIGTERM");
    expect(await child.exited).toBe(143);
    expect(await child.stderr.text()).toContain("interrupted");
  } finally {
    closeSync(reader);
  }
});
