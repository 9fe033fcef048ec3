// Failed logins by address, so that nobody can guess passwords at leisure.
import { BoundedMap } from "../lib/bounded-map.ts";
import { RegistryError } from "../oci/errors.ts";

interface Failures {
  readonly sinceMs: number;
  count: number;
}

const maxNetworks = 10_000;
const windowMs = 60_000;

/** Counts attempts until they turn out to be right, and refuses further ones. */
export class LoginFailures {
  readonly #failures = new BoundedMap<string, Failures>(maxNetworks);
  readonly #most: number;
  readonly #now: () => number;

  /** `most` failures are allowed in a minute; `now` is in milliseconds. */
  constructor(most: number, now: () => number) {
    this.#most = most;
    this.#now = now;
  }

  /** Counts an attempt before it is known whether it fails; refuses with TOO_MANY_REQUESTS after too many. */
  attempt(address: string): void {
    const network = networkOf(address);
    const failures = this.#current(network) ?? { sinceMs: this.#now(), count: 0 };
    if (failures.count >= this.#most) {
      throw new RegistryError("TOO_MANY_REQUESTS", {
        message: "too many failed logins from this address; try again later",
        retryAfterSeconds: Math.max(1, Math.ceil((failures.sinceMs + windowMs - this.#now()) / 1000)),
      });
    }
    failures.count += 1;
    this.#failures.set(network, failures);
  }

  /** Takes one attempt back, which was right. */
  forgive(address: string): void {
    const failures = this.#current(networkOf(address));
    if (failures !== undefined) failures.count -= 1;
  }

  #current(network: string): Failures | undefined {
    const failures = this.#failures.get(network);
    return failures !== undefined && this.#now() - failures.sinceMs < windowMs ? failures : undefined;
  }
}

/** An IPv4 address, or the half of an IPv6 address that a site gets: the other half is its own to choose. */
export function networkOf(address: string): string {
  const url = address.includes(":") ? URL.parse(`http://[${address.split("%")[0]}]/`) : null;
  if (url === null) return address;
  const [before = "", after] = url.hostname.slice(1, -1).split("::");
  const groups = (text: string) => (text === "" ? [] : text.split(":"));
  const missing = after === undefined ? 0 : 8 - groups(before).length - groups(after).length;
  return [...groups(before), ...Array<string>(missing).fill("0"), ...groups(after ?? "")].slice(0, 4).join(":");
}
