import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dropCacheOf } from "../../src/storage/page-cache.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test("dropCacheOf() leaves the bytes as they are, and throws where there is no file", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "a");
  writeFileSync(path, "content");
  dropCacheOf(path);
  expect(readFileSync(path, "utf8")).toBe("content");
  expect(() => dropCacheOf(join(directory.path, "b"))).toThrow("ENOENT");
});
