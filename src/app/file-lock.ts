// A lock on a file that other processes of this program respect, for work outside the store.
import { closeSync, openSync } from "node:fs";
import { openFlock } from "../storage/flock.ts";
import { tryUntil } from "../storage/wait.ts";

/** Making an RSA key of 4096 bits takes seconds on a small machine. */
const waitMs = 60_000;

/** Runs the work while this process alone holds the lock of the file, which is made if need be. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const flock = openFlock();
  const descriptor = openSync(path, "a", 0o600);
  try {
    const isHeld = await tryUntil(() => (flock.tryLock(descriptor, "alone") ? true : undefined), waitMs);
    if (isHeld === undefined) throw new Error(`another process has held ${path} for a minute`);
    return await work();
  } finally {
    closeSync(descriptor);
  }
}
