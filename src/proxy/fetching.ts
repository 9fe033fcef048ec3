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

/** So often does a fetch give a sign of life before it would count as dead. */
const signsPerLife = 8;

/** How many bytes there were at a moment. */
interface Mark {
  readonly arrivedBytes: number;
  readonly atMs: number;
}

/** A claim whose work goes on. */
export class Fetching {
  readonly #claim: Claim;
  readonly #options: FetchingOptions;
  readonly #timer: Timer;
  /** When bytes last came. */
  #moved: Mark = { arrivedBytes: 0, atMs: performance.now() };
  /** Since when they have come without a rest. */
  #running: Mark | undefined;

  constructor(claim: Claim, options: FetchingOptions) {
    this.#claim = claim;
    this.#options = options;
    this.#timer = setInterval(() => this.#renew(), claim.lifetimeMs / signsPerLife);
    // It is no reason for a program to go on.
    this.#timer.unref();
  }

  /** Lets others know that it is over. */
  async end(failure: FetchNote["failure"]): Promise<void> {
    clearInterval(this.#timer);
    await this.#claim.end(failure === undefined ? undefined : this.#note({ failure }));
  }

  #renew(): void {
    const { progress, turnTimes } = this.#options;
    const { arrivedBytes, totalBytes } = progress;
    const now = { arrivedBytes, atMs: performance.now() };
    const hasGrown = arrivedBytes > this.#moved.arrivedBytes;
    // The moment before the first byte says nothing about the rate.
    const bytesPerSecond = hasGrown && this.#running !== undefined ? rateBetween(this.#running, now) : undefined;
    this.#running = hasGrown ? (this.#running ?? now) : undefined;
    // All of it is here, and on its way to the store.
    if (hasGrown || arrivedBytes === totalBytes) this.#moved = now;
    if (now.atMs - this.#moved.atMs <= turnTimes.quietMs) void this.#claim.renew(this.#note({ bytesPerSecond }));
  }

  #note(more: Pick<FetchNote, "failure" | "bytesPerSecond">): string {
    const { name, progress } = this.#options;
    const { arrivedBytes, totalBytes } = progress;
    return formatFetchNote({ name, arrivedBytes, totalBytes, ...more });
  }
}

function rateBetween(from: Mark, to: Mark): number | undefined {
  const elapsedMs = to.atMs - from.atMs;
  return elapsedMs > 0 ? ((to.arrivedBytes - from.arrivedBytes) * 1000) / elapsedMs : undefined;
}
