// The file of an archive that is being written: beside its place under a name of its own, and in its place when it is
// whole and on the disk. Readers find the old archive or the new one.
import { type FileHandle, open, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../../lib/system-error.ts";
import { RegistryError } from "../../oci/errors.ts";
import { openFlock } from "../../storage/flock.ts";
import type { TarSink } from "./tar-writer.ts";

/** A sink that becomes a file, or nothing. */
export interface ArchiveSink extends TarSink {
  /** Puts the file into its place. */
  finish(): Promise<void>;
  /** Removes what was written; does nothing after `finish`. */
  abandon(): Promise<void>;
}

/** Begins the file; refuses the place of a directory or a device, which would be gone afterwards. */
export async function openArchiveFile(given: string): Promise<ArchiveSink> {
  const path = await placeOf(given);
  await sweepParts(path);
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.part`);
  const handle = await open(temporary, "wx");
  // Says to others that somebody writes it.
  openFlock().tryLock(handle.fd, "alone");
  let isOpen = true;
  let isInPlace = false;
  const close = async () => {
    if (isOpen) await handle.close();
    isOpen = false;
  };
  return {
    write: (bytes) => writeAll(handle, bytes),
    finish: async () => {
      await handle.sync();
      await close();
      await rename(temporary, path);
      isInPlace = true;
      await syncDirectory(dirname(path));
    },
    abandon: async () => {
      if (isInPlace) return;
      await close();
      await rm(temporary, { force: true });
    },
  };
}

const uuidLength = 36;
/** Nobody is between making such a file and locking it for so long. */
const leftBehindMs = 60_000;

/** Removes what exports to this place left behind that were killed. What stays in the way of that stays. */
async function sweepParts(path: string): Promise<void> {
  const [start, end] = [`.${basename(path)}.`, ".part"];
  const names = await readdir(dirname(path)).catch(() => []);
  for (const name of names) {
    const isPart =
      name.startsWith(start) && name.endsWith(end) && name.length === start.length + uuidLength + end.length;
    if (isPart) await removeUnheld(join(dirname(path), name)).catch(() => undefined);
  }
}

async function removeUnheld(part: string): Promise<void> {
  const handle = await open(part, "r+");
  try {
    const { mtimeMs } = await handle.stat();
    if (Date.now() - mtimeMs < leftBehindMs || !openFlock().tryLock(handle.fd, "alone")) return;
    await rm(part, { force: true });
  } finally {
    await handle.close();
  }
}

/** The file that the path means, through symbolic links: they stay. */
async function placeOf(path: string): Promise<string> {
  try {
    if ((await stat(path)).isFile()) return await realpath(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return path;
    throw error;
  }
  throw new RegistryError("UNSUPPORTED", {
    message: `${path} is there and is no file; name a file, or export to standard output with -o -`,
  });
}

async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += (await handle.write(bytes, written)).bytesWritten;
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
