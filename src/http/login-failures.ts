// Failed logins by address, so that nobody can guess passwords at leisure.
import { BoundedMap } from "../lib/bounded-map.ts";
import { RegistryError } from "../oci/errors.ts";

interface Failures {
  readonly sinceMs: number;
  count: number;
}

const maxAddresses = 10_000;
const windowMs = 60_000;

/** Counts failures and refuses further attempts. */
export class LoginFailures {
  readonly #failures = new BoundedMap<string, Failures>(maxAddresses);
  readonly #most: number;
  readonly #now: () => number;

  /** `most` failures are allowed in a minute; `now` is in milliseconds. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** Refuses with TOO_MANY_REQUESTS after too many failures. */
  check(address: string): void {
    const failures = this.#current(address);
    if (failures === undefined || failures.count < this.#most) return;
    throw new RegistryError("TOO_MANY_REQUESTS", {
      message: "too many failed logins from this address; try again later",
      retryAfterSeconds: Math.max(1, Math.ceil((failures.sinceMs + windowMs - this.#now()) / 1000)),
    });
  }

  /** Counts a failure. */
  add(address: string): void {
    const failures = this.#current(address);
    if (failures === undefined) this.#failures.set(address, { sinceMs: this.#now(), count: 1 });
    else failures.count += 1;
  }

  #current(address: string): Failures | undefined {
    const failures = this.#failures.get(address);
    return failures !== undefined && this.#now() - failures.sinceMs < windowMs ? failures : undefined;
  }
}
