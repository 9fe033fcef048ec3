// Setting the time of a file to now.
import { utimesSync } from "node:fs";
import { errorCode } from "../lib/system-error.ts";
import { isGone } from "./directories.ts";
import type { DurableFiles } from "./durable-file.ts";

/** False where there is no file; nothing happens on a read-only disk. */
export async function touchFile(files: DurableFiles, path: string): Promise<boolean> {
  try {
    const now = new Date();
    utimesSync(path, now, now);
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
