import { expect, test } from "bun:test";
import { renameSync, statSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { localDevice, SmallFiles } from "../../src/storage/small-files.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const oldSeconds = 1_000_000_000;

/** A file, and small files whose clock stands, ahead of that of the disk, so that the file counts as settled. */
function open({ aheadMs = 10_000, isDeviceKnown = true } = {}) {
  const directory = temporaryDirectory({ isInMemory: true });
  const path = join(directory.path, "link");
  writeFileSync(path, "first");
  const clock = { aheadMs };
  const openedMs = Date.now();
  const device = isDeviceKnown ? statSync(path).dev : undefined;
  const files = new SmallFiles(device, () => openedMs + clock.aheadMs);
  const read = async (maxBytes = 1024) => {
    const bytes = await files.read(path, maxBytes);
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
  };
  /** Reads it until it should be. */
  const isRemembered = async () => {
    await files.read(path, 100_000);
    const before = await files.read(path, 100_000);
    return before === (await files.read(path, 100_000));
  };
  return { files, path, clock, read, isRemembered, [Symbol.dispose]: () => directory[Symbol.dispose]() };
}

test("a file that has rested is remembered, and refused if it is longer than wanted", async () => {
  using file = open();
  expect([await file.read(), await file.isRemembered(), await file.read(5), await file.read(4)]).toEqual([
    "first",
    true,
    "first",
    undefined,
  ]);
});

test("one that is read once is not remembered, and pushes out nothing", async () => {
  using file = open();
  const readTwice = [await file.files.read(file.path, 1024), await file.files.read(file.path, 1024)];
  expect(readTwice[0] === readTwice[1]).toBe(false);
  for (let number = 0; number < 500; number += 1) {
    writeFileSync(`${file.path}${number}`, "x".repeat(32 * 1024));
    await file.files.read(`${file.path}${number}`, 100_000);
  }
  expect((await file.files.read(file.path, 1024)) === readTwice[1]).toBe(true);
});

test.each([
  ["was written a moment ago", { aheadMs: 0 }],
  ["has a time that is still to come", { aheadMs: -10_000 }],
  ["lies where others may change it unseen", { isDeviceKnown: false }],
])("one is read each time if it %s", async (_what, options) => {
  using file = open(options);
  expect([await file.read(), await file.isRemembered()]).toEqual(["first", false]);
});

test("one that is long is read each time", async () => {
  using file = open();
  writeFileSync(file.path, "x".repeat(40_000));
  expect((await file.read(100_000))?.length).toBe(40_000);
  expect(await file.isRemembered()).toBe(false);
});

const replace = (path: string) => {
  writeFileSync(`${path}.tmp`, "other");
  renameSync(`${path}.tmp`, path);
};

test.each<[string, (path: string) => void, string | undefined]>([
  ["replaced", replace, "other"],
  ["written again, in place", (path) => writeFileSync(path, "other"), "other"],
  ["removed", (path) => unlinkSync(path), undefined],
])("what was remembered counts no more when the file is %s", async (_how, change, want) => {
  using file = open();
  expect(await file.isRemembered()).toBe(true);
  change(file.path);
  expect(await file.read()).toBe(want as string);
});

test("a change that hides behind an old time is seen", async () => {
  using file = open();
  utimesSync(file.path, oldSeconds, oldSeconds);
  expect(await file.isRemembered()).toBe(true);
  await Bun.sleep(20);
  replace(file.path);
  utimesSync(file.path, oldSeconds, oldSeconds);
  expect(await file.read()).toBe("other");
});

test("a file is read again after a minute", async () => {
  using file = open();
  expect(await file.isRemembered()).toBe(true);
  const before = await file.read();
  file.clock.aheadMs += 61_000;
  expect([before, await file.read(), await file.isRemembered()]).toEqual(["first", "first", true]);
});

test("localDevice() tells of filesystems of this machine, and not of others", () => {
  using directory = temporaryDirectory({ isInMemory: true });
  expect([localDevice(directory.path), localDevice("/proc")]).toEqual([statSync(directory.path).dev, undefined]);
});
