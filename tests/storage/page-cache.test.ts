import { expect, test } from "bun:test";
import { closeSync, fsyncSync, openSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dropCacheOf, isCached } from "../../src/storage/page-cache.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("dropCacheOf() throws where there is no file", () => {
  using directory = temporaryDirectory();
  expect(() => dropCacheOf(join(directory.path, "b"))).toThrow("ENOENT");
});

test("isCached() tells whether the system holds a byte of a file, and so remembers the file", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "a");
  writeFileSync(path, "content");
  const descriptor = openSync(path, "r+");
  const isWritten = isCached(descriptor, 6);
  fsyncSync(descriptor);
  dropCacheOf(path);
  expect([isWritten, isCached(descriptor, 6)]).toEqual([true, isInMemory(path)]);
  closeSync(descriptor);
});

test("isCached() knows that a filesystem in memory has nowhere else to keep a file", () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const path = join(directory.path, "a");
  writeFileSync(path, "content");
  const descriptor = openSync(path, "r+");
  expect(isCached(descriptor, 6)).toBe(true);
  closeSync(descriptor);
});

/** A filesystem in memory drops nothing. */
function isInMemory(path: string): boolean {
  return statfsSync(path).type === 0x01021994;
}
