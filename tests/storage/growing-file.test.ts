import { expect, test } from "bun:test";
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { closeWritten, holdGrowingFile } from "../../src/storage/growing-file.ts";
import { KeyPaths } from "../../src/storage/key-paths.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("holdGrowingFile() goes on behind what is there, and moves the file into its place", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "growing");
  await Bun.write(path, "one ");
  const files = new DurableFiles(directory.path, { isDurable: true });
  const descriptor = openSync(path, "a");
  const growing = holdGrowingFile({ paths: new KeyPaths(directory.path, files), path }, descriptor);
  const large = new Uint8Array(300_000).fill(120);
  await growing.append([new TextEncoder().encode("two "), large]);
  await growing.commit("place/data");
  closeSync(descriptor);
  const text = readFileSync(join(directory.path, "place/data"), "utf8");
  expect([growing.sizeBytes, text.slice(0, 10), text.length]).toEqual([300_008, "one two xx", 300_008]);
});

test("commit() removes a file that cannot be synced, as the system may have dropped what it could not write", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "growing");
  await Bun.write(path, "one");
  const files = new DurableFiles(directory.path, { isDurable: true });
  // A pipe has no disk behind it and refuses to be synced.
  const pipe = join(directory.path, "pipe");
  Bun.spawnSync(["mkfifo", pipe]);
  const descriptor = openSync(pipe, "r+");
  const growing = holdGrowingFile({ paths: new KeyPaths(directory.path, files), path }, descriptor);
  await expect(growing.commit("place/data")).rejects.toThrow("EINVAL");
  closeSync(descriptor);
  expect(readdirSync(directory.path)).toEqual(["pipe"]);
});

test("closeWritten() removes a file whose bytes the system refuses when it is closed", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "growing");
  writeFileSync(path, "one");
  const closed = openSync(path, "a");
  closeSync(closed);
  expect(() => closeWritten(closed, path)).toThrow("EBADF");
  expect(readdirSync(directory.path)).toEqual([]);
});
