// The least rate at which a stranger's bytes must come: what only drips would hold its place for ever.

/** How much must come in which time. */
export interface LeastRate {
  readonly bytesPerSecond: number;
  /** The rate is judged over this much time; within it bytes may come as they like. */
  readonly windowMs: number;
}

/** Judges one stream, window by window. Time in which nobody waited for bytes is not counted, so it need not be even. */
export class RateMeter {
  readonly #rate: LeastRate;
  #windowBytes = 0;
  #waitedMs = 0;
  #slowWindows = 0;

  constructor(rate: LeastRate) {
    this.#rate = rate;
  }

  /** How many windows were too slow, one after the other, up to the last one. */
  get slowWindows(): number {
    return this.#slowWindows;
  }

  /** Counts what came after a wait; true where a window ends with it that was too slow. */
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

/** The chunks with the time that each was waited for, in milliseconds. */
export async function* timeChunks(
  chunks: AsyncIterable<Uint8Array>,
  now: () => number = performance.now.bind(performance),
): AsyncGenerator<{ readonly chunk: Uint8Array; readonly waitedMs: number }> {
  let sinceMs = now();
  for await (const chunk of chunks) {
    yield { chunk, waitedMs: now() - sinceMs };
    sinceMs = now();
  }
}
