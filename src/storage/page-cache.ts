// The system's copies of files in memory, which hide what the disk says.
import { ptr } from "bun:ffi";
import { openOwned } from "./descriptors.ts";
import { isInMemory } from "./filesystem-root.ts";
import { bindLibc } from "./libc.ts";

/** POSIX_FADV_DONTNEED: 4 on every Linux but s390. */
const dontNeed = 4;

/** Lets the next reads of a file come from the disk, if the system has a call for it. */
export function dropCacheOf(path: string): void {
  const advise = bindLibc("posix_fadvise", ["i32", "i64", "i64", "i32"]);
  if (advise === undefined) return;
  using owner = new DisposableStack();
  advise(openOwned(owner, path, "r"), 0, 0, dontNeed);
}

/** RWF_NOWAIT: a read that would have to ask the disk fails instead. */
const noWait = 8;

/**
 * Whether the byte at this offset of an open file is in memory; false also if the system cannot tell. As long as one
 * is, the system remembers the file, and with it that writing a part of it back has failed. A filesystem that has nothing but
 * memory does not know the question.
 */
export function isCached(descriptor: number, offset: number): boolean {
  const readAt = bindLibc("preadv2", ["i32", "ptr", "i32", "i64", "i32"]);
  if (readAt === undefined) return false;
  const byte = new Uint8Array(1);
  const vector = new BigUint64Array([BigInt(ptr(byte)), 1n]);
  const count = readAt(descriptor, new Uint8Array(vector.buffer), 1, offset, noWait);
  return count === 1 || (count < 0 && isInMemory(`/proc/self/fd/${descriptor}`));
}
