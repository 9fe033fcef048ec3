import { expect, test } from "bun:test";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Flock, hasWorkingLocks, openFlock } from "../../src/storage/flock.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** The paths of some files in the directory. */
function makeFiles(directory: string, count: number): string[] {
  const paths = Array.from({ length: count }, (_, index) => join(directory, String(index)));
  for (const path of paths) writeFileSync(path, "");
  return paths;
}

test.each([
  ["shared", "shared", true],
  ["shared", "alone", false],
  ["alone", "shared", false],
  ["alone", "alone", false],
] as const)("tryLock() of a file that another descriptor has locked %s: %s is had: %p", (first, second, want) => {
  using directory = temporaryDirectory();
  const [path = ""] = makeFiles(directory.path, 1);
  const flock = openFlock();
  const [one, two] = [openSync(path, "r"), openSync(path, "r")];
  const answers = [flock.tryLock(one, first), flock.tryLock(two, second)];
  closeSync(one);
  const isFreeNow = flock.tryLock(two, "alone");
  closeSync(two);
  expect([...answers, isFreeNow]).toEqual([true, want, true]);
});

test("tryLock() is refused for a descriptor that is none", () => {
  expect(openFlock().tryLock(-1, "shared")).toBe(false);
});

test("hasWorkingLocks() is true here", () => {
  using directory = temporaryDirectory();
  expect(hasWorkingLocks(openFlock(), makeFiles(directory.path, 2))).toBe(true);
});

test("hasWorkingLocks() passes over files that another process holds", () => {
  using directory = temporaryDirectory();
  const paths = makeFiles(directory.path, 2);
  const flock = openFlock();
  const held = openSync(paths[0] ?? "", "r");
  flock.tryLock(held, "shared");
  expect(hasWorkingLocks(flock, paths)).toBe(true);
  closeSync(held);
});

test.each([
  ["refuses every lock", () => false],
  ["grants every lock", () => true],
])("hasWorkingLocks() is false on a filesystem that %s", (_what, tryLock: Flock["tryLock"]) => {
  using directory = temporaryDirectory();
  expect(hasWorkingLocks({ tryLock }, makeFiles(directory.path, 3))).toBe(false);
});
