// A lock on a file that other processes of this program respect, for work outside the store.
import { openOwned } from "../../storage/descriptors.ts";
import { openFlock } from "../../storage/flock.ts";
import { tryUntil } from "../../storage/wait.ts";

/** Generating an RSA key of 4096 bits takes seconds on a small machine. */
const waitMs = 60_000;

/** Runs the work under an exclusive lock on the file, which is created if necessary. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const flock = openFlock();
  using owner = new DisposableStack();
  const descriptor = openOwned(owner, path, "a", 0o600);
  const isHeld = await tryUntil(() => (flock.tryLock(descriptor, "alone") ? true : undefined), waitMs);
  if (isHeld === undefined) throw new Error(`another process has held ${path} for a minute`);
  return await work();
}
