// A disk whose filesystem shuts down while many wait for it: who was told that all is on disk finds it there again.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DurableFiles } from "../../src/storage/durable-file.ts";
import { JournalSync } from "../../src/storage/journal-sync.ts";
import { requireProgram, requireRoot, waitUntil } from "../e2e/program.ts";
import { makeDiskImage, makeImagePlace, mountCopy } from "./power-disk.ts";

const canCut = [
  requireRoot(),
  requireProgram("xfs_io", "xfsprogs"),
  requireProgram("mkfs.xfs", "xfsprogs"),
  requireProgram("mkfs.ext4", "e2fsprogs"),
].every(Boolean);

const writers = 8;
const loadMs = 150;
const rounds = 25;

describe.skipIf(!canCut)("a filesystem that shuts down", () => {
  test.each(["xfs", "ext4"] as const)("%s: no write that waits for it is taken for durable", async (kind) => {
    await using place = await makeImagePlace(kind, 1000);
    const image = join(place.path, "image");
    await makeDiskImage(kind, image, async () => undefined);
    let written = 0;
    const lost: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await using disk = await mountCopy(kind, image);
      const files = new DurableFiles(disk.data, { isDurable: true });
      files.syncBy(JournalSync.open(disk.data));
      let roundWritten = 0;
      const note = () => {
        roundWritten += 1;
      };
      const writing = Array.from({ length: writers }, (_, writer) =>
        writeUntilItFails(files, join(disk.data, `${writer}`), note),
      );
      await Bun.sleep(loadMs);
      // However slow the disk is.
      await waitUntil("files are written", () => roundWritten > writers);
      await disk.cut();
      const acknowledged = (await Promise.all(writing)).flat();
      await disk.mountAgain();
      written += acknowledged.length;
      lost.push(...acknowledged.filter((path) => !existsSync(path)));
    }
    console.log(`${kind}: ${written} files in ${rounds} rounds`);
    expect([lost, written > rounds * writers]).toEqual([[], true]);
  });
});

/** The files that were said to be on disk. */
async function writeUntilItFails(files: DurableFiles, prefix: string, note: () => void): Promise<readonly string[]> {
  const acknowledged: string[] = [];
  try {
    for (;;) {
      const path = `${prefix}-${acknowledged.length}`;
      await files.replaceFile(path, new TextEncoder().encode(path));
      acknowledged.push(path);
      note();
    }
  } catch {
    return acknowledged;
  }
}
