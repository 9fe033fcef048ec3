// The system's copies of files in memory, which hide what the disk says.
import { closeSync, openSync } from "node:fs";
import { bindLibc } from "./libc.ts";

/** POSIX_FADV_DONTNEED: 4 on every Linux but s390. */
const dontNeed = 4;

/** Lets the next reads of a file come from the disk, where the system has a call for it. */
export function dropCacheOf(path: string): void {
  const advise = bindLibc("posix_fadvise", ["i32", "i64", "i64", "i32"]);
  if (advise === undefined) return;
  const descriptor = openSync(path, "r");
  try {
    advise(descriptor, 0, 0, dontNeed);
  } finally {
    closeSync(descriptor);
  }
}
