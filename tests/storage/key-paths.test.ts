import { expect, test } from "bun:test";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { KeyPaths, pathOfKey } from "../../src/storage/key-paths.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test.each(["a", "a/b/c", "a/.b/c..d"])("pathOfKey() puts %p below the root", (key) => {
  expect(pathOfKey("/root", key)).toBe(`/root/${key}`);
});

test.each(["", "/", "/a", "a/", "a//b", ".", "a/./b", "..", "a/../b"])("pathOfKey() refuses %p", (key) => {
  expect(() => pathOfKey("/root", key)).toThrow(TypeError);
});

test("there are no paths while the root is not in its place", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const root = join(directory.path, "store");
  await Bun.write(join(root, "docker/a"), "x");
  const files = new DurableFiles(root, { isDurable: false });
  files.holdRoot();
  const paths = new KeyPaths(root, files);
  expect([paths.of("docker/a"), await paths.reach("docker/a")]).toEqual(Array(2).fill(join(root, "docker/a")));
  // What was seen counts for a millisecond.
  await Bun.sleep(3);
  renameSync(root, `${root}-moved`);
  expect(() => paths.of("docker/a")).toThrow("ESTALE");
  expect(() => paths.reach("docker/a")).toThrow("ESTALE");
});
