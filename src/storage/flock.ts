// flock(2), which neither Node nor Bun offers. The lock belongs to the open file description: it falls when the
// descriptor is closed, also by the death of the process, and it keeps apart two descriptors of one process. Over NFS a lock alone
// wants a descriptor that may write, and a shared one a descriptor that may read.
import { bindLibc } from "./libc.ts";

/** Locks by file descriptor. */
export interface Flock {
  /** Tries to take the lock without waiting; false if it is held elsewhere (or the filesystem has no locks). */
  tryLock(descriptor: number, mode: "shared" | "alone"): boolean;
}

const lockShared = 1;
const lockAlone = 2;
const lockNonBlocking = 4;

/** Binds the function of the C library; throws if there is none. */
export function openFlock(): Flock {
  const flock = bindLibc("flock", ["i32", "i32"]);
  if (flock === undefined) throw new Error("no C library with flock was found");
  return {
    tryLock: (descriptor, mode) =>
      flock(descriptor, (mode === "shared" ? lockShared : lockAlone) | lockNonBlocking) === 0,
  };
}
