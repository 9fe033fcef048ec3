// A claim on a blob while it is fetched: it gives signs of life for as long as that makes progress.
import type { RepositoryName } from "../oci/name.ts";
import type { Claim } from "../storage/claims.ts";
import { type FetchNote, type FetchProgress, formatFetchNote } from "./fetch-note.ts";
import type { TurnTimes } from "./turn-times.ts";

/** What is fetched. */
export interface FetchingOptions {
  readonly name: RepositoryName;
  /** How far it is. */
  readonly progress: FetchProgress;
  readonly turnTimes: Pick<TurnTimes, "quietMs">;
}

/** A claim whose work goes on. */
export class Fetching {
  readonly #claim: Claim;
  readonly #options: FetchingOptions;
  readonly #startedMs = performance.now();
  readonly #timer: Timer;
  #moved = { arrivedBytes: 0, atMs: performance.now() };

  constructor(claim: Claim, options: FetchingOptions) {
    this.#claim = claim;
    this.#options = options;
    this.#timer = setInterval(() => this.#renew(), claim.lifetimeMs / 4);
    // It is no reason for a program to go on.
    this.#timer.unref();
  }

  /** Lets others know that it is over. */
  async end(failure: FetchNote["failure"]): Promise<void> {
    clearInterval(this.#timer);
    await this.#claim.end(failure === undefined ? undefined : this.#note(failure));
  }

  #renew(): void {
    const { progress, turnTimes } = this.#options;
    const { arrivedBytes, totalBytes } = progress;
    const atMs = performance.now();
    // All of it is here, and on its way to the store.
    const isSending = arrivedBytes === totalBytes;
    if (arrivedBytes !== this.#moved.arrivedBytes || isSending) this.#moved = { arrivedBytes, atMs };
    if (atMs - this.#moved.atMs <= turnTimes.quietMs) void this.#claim.renew(this.#note());
  }

  #note(failure?: FetchNote["failure"]): string {
    const { name, progress } = this.#options;
    const { arrivedBytes, totalBytes } = progress;
    const workedMs = performance.now() - this.#startedMs;
    return formatFetchNote({ name, workedMs, arrivedBytes, totalBytes, failure });
  }
}
