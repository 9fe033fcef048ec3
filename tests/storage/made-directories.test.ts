import { expect, test } from "bun:test";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { MadeDirectories, retryWithoutDirectory } from "../../src/storage/made-directories.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Directories whose syncs are noted. */
function open({ isDurable = true, isSyncedLater = false } = {}) {
  const directory = temporaryDirectory({ isInMemory: true });
  const root = directory.path;
  const synced: string[] = [];
  const made = new MadeDirectories(root, {
    isDurable,
    confirmRoot: async () => undefined,
    isSyncedLater: () => isSyncedLater,
    syncDirectory: async (path) => void synced.push(path.slice(root.length)),
  });
  return { root, made, synced, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

test.each([
  ["durable", {}, ["", "/a", "/a/b"]],
  ["not durable", { isDurable: false }, []],
  ["synced with what is put into it", { isSyncedLater: true }, []],
])("make() syncs what was made if it is to be %s", async (_how, options, want) => {
  using store = open(options);
  await store.made.make(join(store.root, "a/b/c"));
  expect([statSync(join(store.root, "a/b/c")).isDirectory(), store.synced.toSorted()]).toEqual([true, want]);
});

test("make() syncs every directory with a young entry on the way, whoever made that, and once", async () => {
  using store = open();
  mkdirSync(join(store.root, "a/b"), { recursive: true });
  for (const name of ["a/b/c/d", "a/b/c/d", "a/b/e"]) await store.made.make(join(store.root, name));
  const { synced } = store;
  expect([synced.slice(0, 4).sort(), synced.slice(4)]).toEqual([["", "/a", "/a/b", "/a/b/c"], ["/a/b"]]);
});

test("make() makes one again that was made by somebody else in its place, and syncs it", async () => {
  using store = open();
  await store.made.make(join(store.root, "a/b"));
  rmSync(join(store.root, "a"), { recursive: true });
  mkdirSync(join(store.root, "a/b"), { recursive: true });
  store.synced.length = 0;
  await store.made.make(join(store.root, "a/b"));
  expect(store.synced.toSorted()).toEqual(["", "/a"]);
});

test("retryWithoutDirectory() tries again for a directory that vanished, and for nothing else", async () => {
  let tries = 0;
  const failing = (code: string, times: number) => async () => {
    tries += 1;
    if (tries <= times) throw Object.assign(new Error(code), { code });
    return tries;
  };
  expect(await retryWithoutDirectory(failing("ENOENT", 2))).toBe(3);
  tries = 0;
  await expect(retryWithoutDirectory(failing("EIO", 1))).rejects.toThrow("EIO");
});
