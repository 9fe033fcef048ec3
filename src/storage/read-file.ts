// Reading a whole file, in as few steps as there are: one that is there is opened anyway, and the open file tells its size.
import { constants, fstatSync, read as readCallback, readSync, type Stats } from "node:fs";
import { promisify } from "node:util";
import { errorCode } from "../lib/system-error.ts";
import { openOwnedSoon } from "./descriptors.ts";
import { isGone } from "./directories.ts";
import { disk } from "./disk-calls.ts";
import { writeInPlaceBytes } from "./durable-file.ts";

const read = promisify(readCallback);

/** What is no file, such as a pipe, must not keep the caller waiting. */
const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** A file that was read. */
export interface ReadFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** As it was before it was read. */
  readonly stat: Stats;
}

/**
 * The bytes of a file of at most this size, of a long one read on another thread; undefined if it is not there, is longer, or
 * is no file.
 */
export async function readIfThere(path: string, maxBytes: number): Promise<ReadFile | undefined> {
  using owner = new DisposableStack();
  const descriptor = await openIfThere(owner, path);
  if (descriptor === undefined) return undefined;
  const stat = fstatSync(descriptor);
  if (!stat.isFile() || stat.size > maxBytes) return undefined;
  const bytes = new Uint8Array(stat.size);
  const isShort = bytes.length <= writeInPlaceBytes && !disk.isSlow();
  let filled = 0;
  while (filled < bytes.length) {
    const length = bytes.length - filled;
    const count = isShort
      ? readSync(descriptor, bytes, filled, length, filled)
      : (await read(descriptor, bytes, filled, length, filled)).bytesRead;
    // Somebody has cut it off.
    if (count === 0) break;
    filled += count;
  }
  return { bytes: filled === bytes.length ? bytes : bytes.slice(0, filled), stat };
}

async function openIfThere(owner: DisposableStack, path: string): Promise<number | undefined> {
  try {
    return await openOwnedSoon(owner, path, flags);
  } catch (error) {
    // ENXIO: a socket, or a pipe that nobody reads.
    if (isGone(error) || errorCode(error) === "ENXIO") return undefined;
    throw error;
  }
}
