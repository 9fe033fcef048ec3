// A file that only grows while somebody holds it, and is moved into its place when it is complete.

import { closeSync, constants, fstatSync, writev as writevCallback, writevSync } from "node:fs";
import { promisify } from "node:util";
import { contentOf } from "../lib/content.ts";
import { disk } from "./disk-calls.ts";
import { unlinkIfThere, writeInPlaceBytes } from "./durable-file.ts";
import type { KeyPaths } from "./key-paths.ts";
import { isCached } from "./page-cache.ts";
import type { Transfer } from "./ports.ts";
import { privateFileMode } from "./private-places.ts";

const writev = promisify(writevCallback) as (
  descriptor: number,
  pieces: readonly Uint8Array[],
) => Promise<{ readonly bytesWritten: number }>;

/** Where the file lies, and where it goes. */
export interface GrowingPlace {
  readonly paths: KeyPaths;
  readonly path: string;
}

/** The holder's view of a file that is open to be appended to and locked; closing it is left to the caller. */
export function holdGrowingFile(
  { paths, path }: GrowingPlace,
  descriptor: number,
  stat = fstatSync(descriptor),
): Omit<Transfer, "discard" | typeof Symbol.dispose> {
  let sizeBytes = stat.size;
  return {
    identity: `${stat.dev}:${stat.ino}`,
    get sizeBytes() {
      return sizeBytes;
    },
    isRemembered: () => sizeBytes === 0 || isCached(descriptor, sizeBytes - 1),
    append: async (pieces) => {
      let rest = pieces;
      while (rest.length > 0) {
        const bytesWritten = await writeSome(descriptor, rest);
        sizeBytes += bytesWritten;
        rest = dropBytes(rest, bytesWritten);
      }
    },
    content: () => contentOf(Bun.file(path), sizeBytes),
    commit: async (to, { isDurable } = { isDurable: true }) => {
      // rename does not freshen the time, which the collector judges the age by.
      const now = new Date();
      await disk.futimes(descriptor, now);
      paths.files.share(descriptor);
      await paths.files.syncFile(descriptor).catch((error: unknown) => {
        giveUp(path);
        throw error;
      });
      await paths.files.moveOver(path, paths.of(to), { sizeBytes, isDurable });
    },
  };
}

/** Opens a file to add to its end, which the owner closes. */
export async function openToAppend(
  owner: DisposableStack,
  path: string,
  { isMade } = { isMade: false },
): Promise<number> {
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW | (isMade ? constants.O_CREAT : 0);
  return owner.adopt(await disk.open(path, flags, privateFileMode), (descriptor) => closeWritten(descriptor, path));
}

/** Closes a file that was written to; over NFS that may be the moment when the server refuses the bytes. */
export function closeWritten(descriptor: number, path: string): void {
  try {
    closeSync(descriptor);
  } catch (error) {
    giveUp(path);
    throw error;
  }
}

/**
 * Removes a file whose bytes the system may have lost, so that nobody takes what is still in memory for what is on disk.
 * If it cannot be removed the disk takes no writes, and no commit either, until it is mounted anew: then the bytes
 * are read from it.
 */
function giveUp(path: string): void {
  try {
    unlinkIfThere(path);
  } catch {
    // What went wrong before is what the caller needs to know.
  }
}

/** Small pieces at once, large ones off this thread; returns how many bytes were written. */
async function writeSome(descriptor: number, pieces: readonly Uint8Array[]): Promise<number> {
  const sizeBytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  if (sizeBytes <= writeInPlaceBytes) return writevSync(descriptor, pieces);
  return (await writev(descriptor, pieces)).bytesWritten;
}

/** What is left of the pieces after their first bytes were written. */
function dropBytes(pieces: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  let index = 0;
  for (const piece of pieces) {
    if (left < piece.length) break;
    left -= piece.length;
    index += 1;
  }
  const [first, ...others] = pieces.slice(index);
  return first === undefined ? [] : [first.subarray(left), ...others];
}
