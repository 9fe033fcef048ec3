// Files with secrets: only their owner may read them, and a power cut leaves either the old text or the new one.
import { chmod, chown, link, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { errorCode } from "../../lib/system-error.ts";
import { privateFileMode } from "../../storage/private-places.ts";
import { syncDirectory, writeSyncedFile } from "./synced-file.ts";

/** Creates or replaces the file. */
export async function replacePrivateFile(path: string, text: string): Promise<void> {
  await writeBeside(path, text, (written) => rename(written, path));
}

/** Replaces the file, or creates it, with the owner and mode of the old one. */
export async function replaceSharedFile(path: string, text: string): Promise<void> {
  await writeBeside(path, text, async (written) => {
    const old = await stat(path).catch(() => undefined);
    if (old !== undefined) {
      if (process.geteuid?.() === 0) await chown(written, old.uid, old.gid);
      await chmod(written, old.mode & 0o777);
    }
    await rename(written, path);
  });
}

/** Creates the file; false if it exists already, in which case it is left alone. */
export async function createPrivateFile(path: string, text: string): Promise<boolean> {
  try {
    await writeBeside(path, text, (written) => link(written, path));
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function writeBeside(path: string, text: string, place: (written: string) => Promise<void>): Promise<void> {
  const written = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await writeSyncedFile(written, text, privateFileMode);
    await place(written);
  } finally {
    await rm(written, { force: true });
  }
  await syncDirectory(dirname(path));
}

/** Removes the file durably; false if there was none. */
export async function removePrivateFile(path: string): Promise<boolean> {
  try {
    await rm(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
  await syncDirectory(dirname(path));
  return true;
}
