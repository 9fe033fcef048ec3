import { expect, test } from "bun:test";
import { existsSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { openFlock } from "../../src/storage/flock.ts";
import { JournalFile } from "../../src/storage/journal-file.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

const flock = openFlock();
const recipients = ["0123456789ab"];

test("a file is one process's until it is closed", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "1.journal");
  const file = JournalFile.create(path, flock);
  const [place] = (await file?.append([{ recipients, text: "ä" }], { isDurable: true })) ?? [];
  if (place === undefined) throw new TypeError("no place");
  expect([file?.waitingCount, file?.read(place), JournalFile.takeOver(path, flock)]).toEqual([1, "ä", undefined]);
  file?.close();
  const taken = JournalFile.takeOver(path, flock);
  expect([await taken?.scan(), taken?.waitingCount]).toEqual([[place], 1]);
  taken?.markDone(place);
  expect([await taken?.scan(), taken?.waitingCount]).toEqual([[], 0]);
  taken?.remove();
  expect(existsSync(path)).toBe(false);
});

test("a file that is there is not made again", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "1.journal");
  JournalFile.create(path, flock)?.close();
  expect(() => JournalFile.create(path, flock)).toThrow("EEXIST");
});

test("a file that went while it was opened is nobody's", () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "1.journal");
  const removing = { tryLock: () => unlinkSync(path) === undefined };
  expect([JournalFile.create(path, removing), existsSync(path)]).toEqual([undefined, false]);
});
