// Locks between processes that write one layout.
import { open } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { RegistryError } from "../../oci/errors.ts";
import { openFlock } from "../../storage/flock.ts";

const waitMs = 30_000;
const pollMs = 20;

/** Runs the work under an exclusive lock on a file or directory that is there. */
export async function withFlock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const flock = openFlock();
  const held = await open(path, "r");
  try {
    const endMs = performance.now() + waitMs;
    while (!flock.tryLock(held.fd, "alone")) {
      if (performance.now() > endMs) {
        throw new RegistryError("UNAVAILABLE", { message: `another process has held ${path} for half a minute` });
      }
      await pause(pollMs);
    }
    return await work();
  } finally {
    await held.close();
  }
}
