// What every facet of the registry works with: the ports of storage, a clock and a source of identifiers; and locking.

import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Driver } from "../storage/driver.ts";
import type { LockMode } from "../storage/ports.ts";

/** What the core works with. Clock and identifiers are passed in, so that tests can choose them. */
export interface Store extends Driver {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** A new identifier on each call, of UUID form. */
  readonly uuid: () => string;
  /** How many tags may be read at once; one if absent. */
  readonly tagReads?: number;
  /** Called for bytes that were restored from the trash because somebody needed them. */
  readonly noteRestored?: (digest: Digest) => void;
}

const lockWaitMs = 10_000;

/** Runs the work under the repository's lock; refuses with UNAVAILABLE if the lock cannot be had within 10 s. */
export async function withLock<T>(
  store: Store,
  name: RepositoryName,
  mode: LockMode,
  work: () => Promise<T>,
): Promise<T> {
  using lock = await store.locks.take(name, mode, { waitMs: lockWaitMs });
  if (lock === undefined) {
    throw new RegistryError("UNAVAILABLE", {
      message: "repository busy; try again",
      retryAfterSeconds: 1,
      detail: { name },
    });
  }
  return await work();
}
