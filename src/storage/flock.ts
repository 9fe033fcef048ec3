// flock(2), which neither Node nor Bun offers. The lock belongs to the open file description: it falls when the
// descriptor is closed, also by the death of the process, and it keeps apart two descriptors of one process.

import { closeSync, openSync } from "node:fs";
import { bindLibc } from "./libc.ts";

/** Locks by file descriptor. */
export interface Flock {
  /** Tries to take the lock at once; false when somebody else holds it (or the filesystem has no locks). */
  tryLock(descriptor: number, mode: "shared" | "alone"): boolean;
}

const lockShared = 1;
const lockAlone = 2;
const lockNonBlocking = 4;

/** Binds the function of the C library; throws where there is none. */
export function openFlock(): Flock {
  const flock = bindLibc("flock", ["i32", "i32"]);
  if (flock === undefined) throw new Error("no C library with flock was found");
  return {
    tryLock: (descriptor, mode) =>
      flock(descriptor, (mode === "shared" ? lockShared : lockAlone) | lockNonBlocking) === 0,
  };
}

/**
 * Whether the filesystem of these files keeps locks apart: one descriptor gets the lock, a second one is refused. The
 * first file that no other process holds decides; a filesystem that refuses every lock has none.
 */
export function hasWorkingLocks(flock: Flock, paths: Iterable<string>): boolean {
  for (const path of paths) {
    const verdict = tryTwice(flock, path);
    if (verdict !== "busy") return verdict === "apart";
  }
  return false;
}

function tryTwice(flock: Flock, path: string): "apart" | "together" | "busy" {
  const first = openSync(path, "r");
  const second = openSync(path, "r");
  try {
    if (!flock.tryLock(first, "alone")) return "busy";
    return flock.tryLock(second, "alone") ? "together" : "apart";
  } finally {
    closeSync(first);
    closeSync(second);
  }
}
