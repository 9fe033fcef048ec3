import { expect, test } from "bun:test";
import { closeSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFlock } from "../../src/storage/flock.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test.each([
  ["shared", "shared", true],
  ["shared", "alone", false],
  ["alone", "shared", false],
  ["alone", "alone", false],
] as const)("tryLock() of a file that another descriptor has locked %s: %s is had: %p", (first, second, want) => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "file");
  writeFileSync(path, "");
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
