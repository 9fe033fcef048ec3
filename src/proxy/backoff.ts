// A short back-off for each upstream: after a failure it is not asked again at once, so that a dead upstream costs
// every client an answer, and not a timeout.
import { RegistryError } from "../oci/errors.ts";

/** What requests are about; a limit on manifests says nothing about blobs. */
export type Subject = "manifests" | "blobs" | "lists";

/** How long an upstream rests after its first failure, and at most. */
export interface BackoffTimes {
  readonly firstMs: number;
  readonly longestMs: number;
}

interface Rest {
  readonly untilMs: number;
  readonly failures: number;
  readonly error: RegistryError;
}

/** A limit that an upstream sets is believed up to here. */
const longestLimitMs = 300_000;

/** The rests of one upstream. */
export class Backoff {
  readonly #times: BackoffTimes;
  readonly #now: () => number;
  readonly #rests = new Map<Subject, Rest>();

  constructor(times: BackoffTimes, now: () => number) {
    this.#times = times;
    this.#now = now;
  }

  /** The error to answer with while the upstream rests, with the time that is left; else undefined. */
  refusal(subject: Subject): RegistryError | undefined {
    const rest = this.#rests.get(subject);
    const leftMs = rest === undefined ? 0 : rest.untilMs - this.#now();
    if (rest === undefined || leftMs <= 0) return undefined;
    const { code, refusal } = rest.error;
    return new RegistryError(code, { ...refusal, retryAfterSeconds: Math.ceil(leftMs / 1000), cause: rest.error });
  }

  /** Notes how a request ended. A limit rests its subject alone, a dead upstream all of them. */
  note(subject: Subject, error: RegistryError | undefined): void {
    if (error === undefined) this.#rests.delete(subject);
    else if (error.code === "UPSTREAM_LIMITED") this.#rest(subject, error);
    else if (isDead(error)) for (const each of ["manifests", "blobs", "lists"] as const) this.#rest(each, error);
  }

  #rest(subject: Subject, error: RegistryError): void {
    const failures = (this.#rests.get(subject)?.failures ?? 0) + 1;
    const ownMs = Math.min(this.#times.firstMs * 2 ** Math.min(failures - 1, 20), this.#times.longestMs);
    const askedMs = Math.min((error.refusal.retryAfterSeconds ?? 0) * 1000, longestLimitMs);
    this.#rests.set(subject, { untilMs: this.#now() + Math.max(ownMs, askedMs), failures, error });
  }
}

function isDead({ code }: RegistryError): boolean {
  return code === "UPSTREAM_UNREACHABLE" || code === "UPSTREAM_TIMEOUT" || code === "UPSTREAM_UNAVAILABLE";
}
