// A short back-off for each upstream: after a failure it is left alone for a while, so that a dead one costs clients an
// immediate error rather than a timeout. When the rest is over one request tries, and the others wait for its outcome.

import { untilAborted } from "../lib/until-aborted.ts";
import { RegistryError } from "../oci/errors.ts";

/** What a request is about: a limit on manifests says nothing about blobs. */
export type Subject = "manifests" | "blobs" | "lists";

/** How long an upstream rests after its first failure, and at most. */
export interface BackoffTimes {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** What matters here about one request. */
export interface Attempt {
  readonly subject: Subject;
  /** Ignores the rest. */
  readonly isUrgent: boolean;
  /** Ends the wait for another request's trial. */
  readonly patience: AbortSignal;
  /** Whether the client has left: then a failure says nothing about the upstream. */
  readonly isGivenUp: () => boolean;
}

interface Rest {
  readonly untilMs: number;
  readonly failures: number;
  readonly error: RegistryError;
}

/** The longest Retry-After that is believed. */
const longestLimitMs = 300_000;
const subjects: readonly Subject[] = ["manifests", "blobs", "lists"];

/** The rests of one upstream. */
export class Backoff {
  readonly #times: BackoffTimes;
  readonly #now: () => number;
  readonly #rests = new Map<Subject, Rest>();
  /** The one attempt that is made after a rest. */
  readonly #trials = new Map<Subject, Promise<void>>();
  /** Counts attempts and changes, to tell which came first. */
  #turn = 0;
  /** When a rest last began or ended. */
  readonly #changes = new Map<Subject, number>();

  constructor(times: BackoffTimes, now: () => number) {
    this.#times = times;
    this.#now = now;
  }

  /** Lets an attempt be made, and returns what has to watch it; while the upstream rests, throws its last failure. */
  async admit({ subject, isUrgent, patience, isGivenUp }: Attempt): Promise<<T>(attempt: Promise<T>) => Promise<T>> {
    const endTrial = isUrgent ? undefined : await this.#awaitTurn(subject, patience);
    this.#turn += 1;
    const begun = this.#turn;
    return async (attempt) => {
      try {
        const outcome = await attempt;
        this.#endRest(subject);
        return outcome;
      } catch (error) {
        if (error instanceof RegistryError && !isGivenUp()) this.#learn(subject, error, begun);
        throw error;
      } finally {
        endTrial?.();
      }
    };
  }

  /** Returns what ends the trial if the attempt is one. */
  async #awaitTurn(subject: Subject, patience: AbortSignal): Promise<(() => void) | undefined> {
    for (;;) {
      const rest = this.#rests.get(subject);
      if (rest === undefined) return undefined;
      const leftMs = rest.untilMs - this.#now();
      if (leftMs > 0) throw refusalOf(rest, leftMs);
      const trial = this.#trials.get(subject);
      if (trial === undefined) return this.#startTrial(subject);
      await untilAborted(trial, patience);
    }
  }

  #startTrial(subject: Subject): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#trials.set(subject, promise);
    return () => {
      this.#trials.delete(subject);
      resolve();
    };
  }

  /** A rate limit rests its own subject, a dead upstream all of them; any other answer shows that it is alive. */
  #learn(subject: Subject, error: RegistryError, begun: number): void {
    if (error.code === "UPSTREAM_LIMITED") this.#rest(subject, error, begun);
    else if (isDead(error)) for (const each of subjects) this.#rest(each, error, begun);
    else this.#endRest(subject);
  }

  /** Attempts that ran at the same time, or are urgent during a rest, count as one failure. */
  #rest(subject: Subject, error: RegistryError, begun: number): void {
    const known = this.#rests.get(subject);
    const isResting = known !== undefined && known.untilMs > this.#now();
    if (isResting || begun < (this.#changes.get(subject) ?? 0)) return;
    const failures = (known?.failures ?? 0) + 1;
    const ownMs = Math.min(this.#times.firstMs * 2 ** Math.min(failures - 1, 20), this.#times.longestMs);
    const askedMs = Math.min((error.refusal.retryAfterSeconds ?? 0) * 1000, longestLimitMs);
    this.#rests.set(subject, { untilMs: this.#now() + Math.max(ownMs, askedMs), failures, error });
    this.#noteChange(subject);
  }

  #endRest(subject: Subject): void {
    if (this.#rests.delete(subject)) this.#noteChange(subject);
  }

  #noteChange(subject: Subject): void {
    this.#turn += 1;
    this.#changes.set(subject, this.#turn);
  }
}

function refusalOf({ error }: Rest, leftMs: number): RegistryError {
  const { code, refusal } = error;
  return new RegistryError(code, { ...refusal, retryAfterSeconds: Math.ceil(leftMs / 1000), cause: error });
}

function isDead({ code }: RegistryError): boolean {
  return code === "UPSTREAM_UNREACHABLE" || code === "UPSTREAM_TIMEOUT" || code === "UPSTREAM_UNAVAILABLE";
}
