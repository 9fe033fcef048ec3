import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { isInMemory, openWorkingFlock, prepareRoot } from "../../src/storage/filesystem-root.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("prepareRoot() makes everything that must be there before the disk is full, and again what is missing", async () => {
  using directory = temporaryDirectory();
  const root = join(directory.path, "data");
  const files = new DurableFiles(root, { isDurable: true });
  expect(await prepareRoot(files, root)).toBe(false);
  expect(await prepareRoot(files, root)).toBe(false);
  expect(readdirSync(root).toSorted()).toEqual(["docker", "gc", "locks", "trash"]);
  expect([readdirSync(join(root, "locks")).length, readdirSync(join(root, "trash/blobs/sha512")).length]).toEqual([
    512, 256,
  ]);
});

test("openWorkingFlock() tells whether locks keep apart", async () => {
  using directory = temporaryDirectory();
  await prepareRoot(new DurableFiles(directory.path, { isDurable: false }), directory.path);
  expect(openWorkingFlock(join(directory.path, "locks"))).toBeDefined();
  expect(existsSync(join(directory.path, "nowhere"))).toBe(false);
  expect(openWorkingFlock(join(directory.path, "nowhere"))).toBeUndefined();
});

test("isInMemory() asks the nearest directory that is there", () => {
  using inMemory = temporaryDirectory({ isInMemory: true });
  const isTmpfs = inMemory.path.startsWith("/dev/shm");
  expect([isInMemory(join(inMemory.path, "a/b")), isInMemory("/proc/none")]).toEqual([isTmpfs, false]);
});
