// When a disk counts as slow: after a few long calls in a row, for a while, and for longer each time it proves slow again.

/** A healthy disk takes longer only now and then, or while the processor is busy elsewhere. */
const longMs = 15;
/** This many long calls within this time begin a slow spell. */
const mostLong = 4;
const withinMs = 1000;
const shortestMs = 5000;
const longestMs = 60_000;

/** What was seen of one disk. */
export class SlowSpells {
  readonly #now: () => number;
  #longAtMs: number[] = [];
  #endMs = Number.NEGATIVE_INFINITY;
  #lengthMs = shortestMs;
  /** When the calls began that other threads wait for, in the order in which they began. */
  readonly #waiting = new Set<{ readonly sinceMs: number }>();

  /** Milliseconds of a monotonic clock. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether calls are better made on other threads now. A spell does not end while one of them hangs. */
  get isSlow(): boolean {
    if (this.#endMs === Number.NEGATIVE_INFINITY) return false;
    const nowMs = this.#now();
    if (nowMs < this.#endMs) return true;
    const [oldest] = this.#waiting;
    return oldest !== undefined && nowMs - oldest.sinceMs > longMs;
  }

  /** A call on this thread, which is timed. */
  now<T>(call: () => T): T {
    const beganMs = this.#now();
    try {
      return call();
    } finally {
      const endMs = this.#now();
      if (endMs - beganMs >= longMs) this.#noteLong(endMs);
    }
  }

  /** A call on another thread. */
  async later<T>(call: () => Promise<T>): Promise<T> {
    const waiting = { sinceMs: this.#now() };
    this.#waiting.add(waiting);
    try {
      return await call();
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  #noteLong(atMs: number): void {
    this.#longAtMs = [...this.#longAtMs.filter((each) => atMs - each < withinMs), atMs];
    if (this.#longAtMs.length < mostLong) return;
    this.#longAtMs = [];
    // Again so soon: the disk is no better.
    const isRelapse = atMs - this.#endMs < this.#lengthMs;
    this.#lengthMs = isRelapse ? Math.min(this.#lengthMs * 2, longestMs) : shortestMs;
    this.#endMs = atMs + this.#lengthMs;
  }
}
