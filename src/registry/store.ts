// What every facet of the registry works with: the ports of storage, a clock and a source of identifiers; and how to add to and
// remove from a repository.

import { errorCode, firstError } from "../lib/system-error.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Adding, Removing } from "../storage/changes.ts";
import type { Driver } from "../storage/driver.ts";
import type { Key } from "../storage/ports.ts";

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

const turnWaitMs = 10_000;

/** Adds to a repository; refuses with UNAVAILABLE if that is not possible within 10 s. */
export async function withAdding<T>(
  store: Store,
  name: RepositoryName,
  work: (adding: Adding) => Promise<T>,
  { isConditional = false }: { readonly isConditional?: boolean } = {},
): Promise<T> {
  try {
    await using adding = await store.changes.adding(name, { waitMs: turnWaitMs, isConditional });
    if (adding === undefined) throw refuseBusy(name);
    return await work(adding);
  } catch (error) {
    throw firstError(error);
  }
}

/** Removes from a repository: these keys, and what need not be announced. Refuses in the same way. */
export async function withRemoving<T>(
  store: Store,
  name: RepositoryName,
  keys: readonly Key[],
  work: (removing: Removing) => Promise<T>,
): Promise<T> {
  await using removing = await store.changes.removing(name, { keys, waitMs: turnWaitMs });
  if (removing === undefined) throw refuseBusy(name);
  try {
    return await work(removing);
  } catch (error) {
    // The announcement has expired; what is left has to be checked again.
    throw errorCode(error) === "ETIMEDOUT" ? refuseBusy(name) : error;
  }
}

/** The refusal of a request whose turn did not come in time. */
export function refuseBusy(name: RepositoryName): RegistryError {
  return new RegistryError("UNAVAILABLE", {
    message: "repository busy; try again",
    retryAfterSeconds: 1,
    detail: { name },
  });
}
