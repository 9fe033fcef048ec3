// The time by the object store's clock, as its answers tell it. Ages and signatures go by it, so that the node's own
// clock may be wrong.

/** The clock of an object store. */
export class EngineClock {
  readonly #now: () => number;
  readonly #monotonic: () => number;
  #heard: { readonly engineMs: number; readonly atMs: number } | undefined;

  /** Until the first answer it goes by the node's own clock. */
  constructor(now: () => number = Date.now, monotonic: () => number = () => performance.now()) {
    this.#now = now;
    this.#monotonic = monotonic;
  }

  /** Learns from an answer's `Date`, and returns it; undefined for an answer without one. */
  learn(date: string | null): number | undefined {
    const engineMs = date === null ? Number.NaN : Date.parse(date);
    if (Number.isNaN(engineMs)) return undefined;
    this.#heard = { engineMs, atMs: this.#monotonic() };
    return engineMs;
  }

  /** Milliseconds since 1970. Answers tell whole seconds, so it may be a second behind. */
  now(): number {
    if (this.#heard === undefined) return this.#now();
    return this.#heard.engineMs + (this.#monotonic() - this.#heard.atMs);
  }

  /** A moment to measure a duration from, with `since`. */
  moment(): { readonly monotonicMs: number; readonly engineMs: number | undefined } {
    return { monotonicMs: this.#monotonic(), engineMs: this.#heard?.engineMs };
  }

  /** How long ago that was at least, by whichever clock has gone further: either may have stood still meanwhile. */
  since({ monotonicMs, engineMs }: ReturnType<EngineClock["moment"]>): number {
    const byStoreMs = engineMs === undefined || this.#heard === undefined ? 0 : this.#heard.engineMs - engineMs;
    return Math.max(this.#monotonic() - monotonicMs, byStoreMs);
  }

  /** How far the node's clock is ahead of the store's; 0 until the first answer. */
  skewMs(): number {
    return this.#heard === undefined ? 0 : this.#now() - this.now();
  }
}
