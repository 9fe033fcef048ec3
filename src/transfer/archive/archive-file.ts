// The file of an archive that is being written: beside its place under a name of its own, and in its place when it is
// whole and on the disk. Whoever reads the place finds the old archive or the new one.
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { errorCode } from "../../lib/system-error.ts";
import { RegistryError } from "../../oci/errors.ts";
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
  const temporary = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.part`);
  const handle = await open(temporary, "wx");
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
