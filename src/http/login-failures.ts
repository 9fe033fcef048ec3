// Failed logins by address, so that nobody can guess passwords at leisure.
import { BoundedMap } from "../lib/bounded-map.ts";
import { RegistryError } from "../oci/errors.ts";

interface Failures {
  readonly sinceMs: number;
  count: number;
}

const maxNetworks = 10_000;
const windowMs = 60_000;

/** One more failure of a network, or one less. */
export interface FailureCount {
  readonly network: string;
  readonly change: 1 | -1;
}

/** Counts attempts until they turn out to be right, and refuses further ones. */
export class LoginFailures {
  readonly #failures = new BoundedMap<string, Failures>(maxNetworks);
  readonly #most: number;
  readonly #now: () => number;
  readonly #tell: (count: FailureCount) => void;

  /** `most` failures are allowed in a minute; `now` is in milliseconds; `tell` hears of each count, for other processes. */
  constructor(most: number, now: () => number, tell: (count: FailureCount) => void = () => undefined) {
    this.#most = most;
    this.#now = now;
    this.#tell = tell;
  }

  /** Counts an attempt before it is known whether it fails; refuses with TOO_MANY_REQUESTS after too many. */
  attempt(address: string): void {
    const network = networkOf(address);
    const failures = this.#current(network) ?? this.#none();
    if (failures.count >= this.#most) {
      throw new RegistryError("TOO_MANY_REQUESTS", {
        message: "too many failed logins from this address; try again later",
        retryAfterSeconds: Math.max(1, Math.ceil((failures.sinceMs + windowMs - this.#now()) / 1000)),
      });
    }
    this.note({ network, change: 1 });
    this.#tell({ network, change: 1 });
  }

  /** Takes one attempt back, which was right. */
  forgive(address: string): void {
    const network = networkOf(address);
    this.note({ network, change: -1 });
    this.#tell({ network, change: -1 });
  }

  /** Counts what was told, by this process or another one; never below none. */
  note({ network, change }: FailureCount): void {
    const failures = this.#current(network) ?? this.#none();
    if (failures.count + change < 0) return;
    failures.count += change;
    this.#failures.set(network, failures);
  }

  #none(): Failures {
    return { sinceMs: this.#now(), count: 0 };
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
