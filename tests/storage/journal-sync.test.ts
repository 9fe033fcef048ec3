import { expect, test } from "bun:test";
import { readdirSync, readlinkSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { JournalSync } from "../../src/storage/journal-sync.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

/** Descriptors of this process on files in the directory that have no name. */
function namelessIn(directory: string): number[] {
  return readdirSync("/proc/self/fd").flatMap((name) => {
    try {
      const target = readlinkSync(join("/proc/self/fd", name));
      return target.startsWith(directory) && target.endsWith("(deleted)") ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

test("open() is undefined on a filesystem without a journal, and where no file can be made", () => {
  using memory = temporaryDirectory({ isInMemory: true });
  expect([JournalSync.open(memory.path), JournalSync.open(join(memory.path, "none"), true)]).toEqual([
    undefined,
    undefined,
  ]);
});

test.skipIf(process.platform !== "linux")("sync() syncs a file without a name, and leaves none open", async () => {
  using directory = temporaryDirectory({ isInMemory: true });
  const journal = JournalSync.open(directory.path, true);
  expect([journal?.device, readdirSync(directory.path)]).toEqual([statSync(directory.path).dev, []]);
  await Promise.all([journal?.sync(), journal?.sync()]);
  expect(namelessIn(directory.path)).toEqual([]);
  renameSync(directory.path, `${directory.path}-away`);
  await expect(journal?.sync()).rejects.toThrow("ENOENT");
  renameSync(`${directory.path}-away`, directory.path);
  await journal?.sync();
  expect(namelessIn(directory.path)).toEqual([]);
});
