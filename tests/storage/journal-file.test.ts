import { expect, test } from "bun:test";
import { existsSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { openFlock } from "../../src/storage/flock.ts";
import { JournalFile } from "../../src/storage/journal-file.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const flock = openFlock();
const recipients = ["0123456789ab"];
const optionsIn = (directory: string, lock: Pick<typeof flock, "tryLock"> = flock) => ({
  path: join(directory, "1.journal"),
  flock: lock,
  isDurable: true,
  noteDone: () => undefined,
});

test("a file is one process's until it is closed", async () => {
  using directory = temporaryDirectory();
  const options = optionsIn(directory.path);
  const file = JournalFile.create(options);
  const [entry] = (await file?.append([{ recipients, text: "ä" }])) ?? [];
  expect([file?.waitingCount, await entry?.read(), JournalFile.takeOver(options)]).toEqual([1, "ä", undefined]);
  await file?.close();
  const taken = JournalFile.takeOver(options);
  const [left] = (await taken?.scan()) ?? [];
  expect([left?.recipient, await left?.read(), taken?.waitingCount]).toEqual(["0123456789ab", "ä", 1]);
  left?.done();
  expect([await taken?.scan(), taken?.waitingCount]).toEqual([[], 0]);
  await taken?.close();
  expect(existsSync(options.path)).toBe(false);
});

test("a file that is there is not made again", async () => {
  using directory = temporaryDirectory();
  const options = optionsIn(directory.path);
  const file = JournalFile.create(options);
  await file?.append([{ recipients, text: "1" }]);
  await file?.close();
  expect(() => JournalFile.create(options)).toThrow("EEXIST");
});

test("a file that went while it was opened is nobody's", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "1.journal");
  const removing = { tryLock: () => unlinkSync(path) === undefined };
  expect([JournalFile.create(optionsIn(directory.path, removing)), existsSync(path)]).toEqual([undefined, false]);
});
