import { expect, test } from "bun:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasJournalThread, hasOrderedJournal } from "../../src/storage/ordered-journal.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

test.each([
  ["a thread", "1234\n", true],
  ["a thread that a container cannot see", "0\n", true],
  ["none", "<none>\n", false],
  ["nothing of it", undefined, false],
])("hasJournalThread() if the system tells of %s", (_what, text, want) => {
  using system = temporaryDirectory();
  mkdirSync(join(system.path, "dev/block"), { recursive: true });
  mkdirSync(join(system.path, "devices/virtual/block/loop300"), { recursive: true });
  mkdirSync(join(system.path, "fs/ext4/loop300"), { recursive: true });
  symlinkSync("../../devices/virtual/block/loop300", join(system.path, "dev/block/7:300"));
  if (text !== undefined) writeFileSync(join(system.path, "fs/ext4/loop300/journal_task"), text);
  // As Linux packs major number 7 and minor number 300.
  const device = 0x00100000 + 0x0700 + 0x2c;
  expect([hasJournalThread(device, system.path), hasJournalThread(device + 1, system.path)]).toEqual([want, false]);
});

test("hasOrderedJournal() of memory, and of nothing", () => {
  using memory = temporaryDirectory({ isInMemory: true });
  expect([hasOrderedJournal(memory.path), hasOrderedJournal(join(memory.path, "none"))]).toEqual([false, false]);
});
