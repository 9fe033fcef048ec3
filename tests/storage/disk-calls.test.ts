import { expect, test } from "bun:test";
import { existsSync, mkdirSync, openSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../src/lib/system-error.ts";
import { callsWith, disk } from "../../src/storage/disk-calls.ts";
import { SlowSpells } from "../../src/storage/slow-spells.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Calls to a disk that does well, and to one that does not. */
function disks() {
  let nowMs = 0;
  const spells = new SlowSpells(() => nowMs);
  const slow = callsWith(spells);
  for (let count = 0; count < 4; count += 1) {
    spells.now(() => {
      nowMs += 20;
    });
  }
  return [
    ["well", callsWith(new SlowSpells())],
    ["slowly", slow],
  ] as const;
}

test.each(disks())("a disk that does %s does what it is told, and says what is wrong", async (how, calls) => {
  using directory = temporaryDirectory();
  const path = (name: string) => join(directory.path, name);
  writeFileSync(path("file"), "x");
  const codes: unknown[] = [];
  for (const call of [
    () => calls.open(path("none"), "r"),
    () => calls.mkdir(path("file"), {}),
    () => calls.rename(path("none"), path("file")),
    () => calls.unlink(path("none")),
    () => calls.rmdir(path("file")),
    () => calls.utimes(path("none"), new Date()),
    () => calls.futimes(-1, new Date()),
    () => calls.stat(join(path("file"), "below")),
  ]) {
    codes.push(await (async () => await call())().then(() => "done", errorCode));
  }
  const absent = [await calls.stat(path("none")), await calls.lstat(path("none"))];
  await calls.mkdir(path("made"), { mode: 0o700 });
  await calls.rename(path("file"), path("made/file"));
  await calls.utimes(path("made/file"), new Date(1000));
  const seen = [(await calls.stat(path("made")))?.mode, (await calls.lstat(path("made/file")))?.mtimeMs];
  const descriptor = openSync(path("made/file"), "r");
  await calls.futimes(descriptor, new Date(2000));
  seen.push(statSync(path("made/file")).mtimeMs);
  await calls.unlink(path("made/file"));
  await calls.rmdir(path("made"));
  expect([calls.isSlow(), codes.slice(0, 6), absent, seen, readdirSync(directory.path)]).toEqual([
    how === "slowly",
    ["ENOENT", "EEXIST", "ENOENT", "ENOENT", "ENOTDIR", "ENOENT"],
    [undefined, undefined],
    [0o40700, 1000, 2000],
    [],
  ]);
});

test("a call to a disk that does well is made in place", () => {
  using directory = temporaryDirectory();
  const calls = callsWith(new SlowSpells());
  void calls.mkdir(join(directory.path, "made"), {});
  expect(existsSync(join(directory.path, "made"))).toBe(true);
  mkdirSync(join(directory.path, "again"));
  expect(typeof disk.isSlow()).toBe("boolean");
});
