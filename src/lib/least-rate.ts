// The minimum rate at which a stranger's bytes must arrive: a trickle would hold its place for ever.

/** How much must arrive in which time. */
export interface LeastRate {
  readonly bytesPerSecond: number;
  /** The window over which the rate is judged; within it bytes may arrive unevenly. */
  readonly windowMs: number;
}

/** Judges one stream, window by window. Only time spent waiting for bytes counts. */
export class RateMeter {
  readonly #rate: LeastRate;
  #windowBytes = 0;
  #waitedMs = 0;
  #slowWindows = 0;

  constructor(rate: LeastRate) {
    this.#rate = rate;
  }

  /** How many consecutive windows up to the last one were too slow. */
  get slowWindows(): number {
    return this.#slowWindows;
  }

  /** Counts what arrived after a wait; true if that ends a window that was too slow. */
  count(sizeBytes: number, waitedMs: number): boolean {
    const { bytesPerSecond, windowMs } = this.#rate;
    this.#windowBytes += sizeBytes;
    this.#waitedMs += waitedMs;
    if (this.#waitedMs < windowMs) return false;
    const isSlow = this.#windowBytes < (bytesPerSecond * this.#waitedMs) / 1000;
    this.#slowWindows = isSlow ? this.#slowWindows + 1 : 0;
    this.#windowBytes = 0;
    this.#waitedMs = 0;
    return isSlow;
  }
}
