// Changes of a file that leave it where it is: its time, and bytes at its end.
import { constants, fstatSync, writeSync } from "node:fs";
import { errorCode } from "../lib/system-error.ts";
import { openOwnedSoon } from "./descriptors.ts";
import { isGone } from "./directories.ts";
import { disk } from "./disk-calls.ts";
import type { DurableFiles } from "./durable-file.ts";

/** Sets the time of a file to now; false if there is none. Does nothing on a read-only disk. */
export async function touchFile(files: DurableFiles, path: string): Promise<boolean> {
  try {
    const now = new Date();
    await disk.utimes(path, now);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (isGone(error)) return false;
    if (code === "EROFS") return true;
    // A file of another owner: only its owner may set its time, but who may write the directory may replace it.
    if (code !== "EPERM" && code !== "EACCES") throw error;
    return await files.renewFile(path);
  }
}

/** Adds a few bytes at the end of a file, in one step; its size after that, or undefined if there is none. */
export async function appendIfThere(path: string, bytes: Uint8Array): Promise<number | undefined> {
  using owner = new DisposableStack();
  let descriptor: number;
  try {
    descriptor = await openOwnedSoon(owner, path, constants.O_WRONLY | constants.O_APPEND);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
  const length = writeSync(descriptor, bytes);
  if (length < bytes.length) throw Object.assign(new Error(`ENOSPC: ${path} takes no more`), { code: "ENOSPC" });
  return fstatSync(descriptor).size;
}
