// How many requests are under way at once. The runtime sends 256 at a time for the whole process and lets all others
// wait, so downloads of slow readers must never take all of them: what is short goes past what is long.
import { S3Failure } from "./failure.ts";

/** How many there are of each kind. */
export interface SlotLimits {
  /** Requests whose answers are read at once. */
  readonly short: number;
  /** Downloads, which take as long as their readers do. */
  readonly long: number;
  /** How long a download waits for its turn. */
  readonly patienceMs: number;
}

/** A third is left for other servers: webhooks, tokens, upstreams. */
export const defaultSlots: SlotLimits = { short: 64, long: 112, patienceMs: 5_000 };

/** The slots of one process. */
export class RequestSlots {
  readonly #short: SlotQueue;
  readonly #long: SlotQueue;
  readonly #patienceMs: number;

  constructor({ short, long, patienceMs }: SlotLimits = defaultSlots) {
    this.#short = new SlotQueue(short);
    this.#long = new SlotQueue(long);
    this.#patienceMs = patienceMs;
  }

  /** Does something short, in its turn. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    using _slot = await this.#short.take(Number.POSITIVE_INFINITY);
    return await work();
  }

  /** Holds a slot for something long; throws an `S3Failure` if none is free for a while. */
  async hold(what: string): Promise<Disposable> {
    const slot = await this.#long.take(this.#patienceMs);
    if (slot === undefined)
      throw new S3Failure(what, { status: 503, reason: "TooManyDownloads", retryAfterMs: this.#patienceMs });
    return slot;
  }
}

type Grant = (slot: Disposable | undefined) => void;

class SlotQueue {
  #free: number;
  readonly #waiting = new Set<Grant>();

  constructor(count: number) {
    this.#free = count;
  }

  /** In the order of asking; undefined if none was free in time. */
  async take(patienceMs: number): Promise<Disposable | undefined> {
    if (this.#free > 0) return this.#grant();
    const { promise, resolve } = Promise.withResolvers<Disposable | undefined>();
    this.#waiting.add(resolve);
    const giveUp = () => this.#waiting.delete(resolve) && resolve(undefined);
    const timer = Number.isFinite(patienceMs) ? setTimeout(giveUp, patienceMs) : undefined;
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #grant(): Disposable {
    this.#free -= 1;
    let isHeld = true;
    const release = () => {
      if (!isHeld) return;
      isHeld = false;
      this.#free += 1;
      const next = this.#waiting.values().next().value;
      if (next === undefined) return;
      this.#waiting.delete(next);
      next(this.#grant());
    };
    return { [Symbol.dispose]: release };
  }
}
