import { expect, test } from "bun:test";
import { closeSync, existsSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Flock, openFlock } from "../../src/storage/flock.ts";
import { lockFiles, makeLockFiles } from "../../src/storage/lock-files.ts";
import { hasWorkingLocks } from "../../src/storage/lock-probe.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const flock = openFlock();
const without: readonly (readonly [string, Flock])[] = [
  ["refuses every lock", { tryLock: () => false }],
  ["grants every lock", { tryLock: () => true }],
];

function lockDirectory() {
  const directory = temporaryDirectory({ isInMemory: true });
  makeLockFiles(directory.path);
  return directory;
}

/** Takes all of these, as somebody could who may read them. */
function holdAll(paths: readonly string[]): Disposable {
  const held = paths.map((path) => openSync(path, "r"));
  for (const descriptor of held) flock.tryLock(descriptor, "alone");
  return { [Symbol.dispose]: () => held.forEach(closeSync) };
}

test("hasWorkingLocks() is true here, remembers it, and leaves nothing else behind", () => {
  using directory = lockDirectory();
  const answers = [hasWorkingLocks(flock, directory.path), hasWorkingLocks(flock, directory.path)];
  expect([answers, readdirSync(directory.path).length, existsSync(join(directory.path, "worked"))]).toEqual([
    [true, true],
    513,
    true,
  ]);
});

test.each(without)("hasWorkingLocks() is false on a filesystem that %s", (_what, broken) => {
  using directory = lockDirectory();
  expect([hasWorkingLocks(broken, directory.path), readdirSync(directory.path).length]).toEqual([false, 512]);
});

test.each(without)("hasWorkingLocks() throws where locks have worked and the filesystem now %s", (_what, broken) => {
  using directory = lockDirectory();
  hasWorkingLocks(flock, directory.path);
  expect(() => hasWorkingLocks(broken, directory.path)).toThrow("file locks worked in");
});

test("hasWorkingLocks() passes over locks that somebody holds, and throws where they are all held", () => {
  using directory = lockDirectory();
  const paths = lockFiles(directory.path);
  {
    using _most = holdAll(paths.slice(1));
    expect(hasWorkingLocks(flock, directory.path)).toBe(true);
  }
  for (const all of [paths, paths.map((path) => `${path}.gate`)]) {
    using _all = holdAll(all);
    expect(() => hasWorkingLocks(flock, directory.path)).toThrow("other processes hold every lock in");
  }
});

test("hasWorkingLocks() says what is in the way of its probe, rather than that there are no locks", () => {
  using directory = temporaryDirectory();
  writeFileSync(join(directory.path, "file"), "");
  expect(() => hasWorkingLocks(flock, join(directory.path, "file"))).toThrow("ENOTDIR");
});
