// Reading a whole file.
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { isGone } from "./directories.ts";
import { writeInPlaceBytes } from "./durable-file.ts";

/** The bytes of a file of about this size, a long one on another thread; undefined if it is gone. */
export async function readIfThere(path: string, sizeBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    return sizeBytes <= writeInPlaceBytes ? readFileSync(path) : await readFile(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}
