// Work that several callers may want at the same time: equal questions are answered by one computation, which ends when
// nobody waits for it any more; and only so many are computed at once.
import { Slots } from "./slots.ts";
import { untilAborted } from "./until-aborted.ts";

/** More callers wait than may. */
export class TooMuchWorkError extends Error {}

/** How much at once. */
export interface SharedWorkLimits {
  readonly maxRunning: number;
  /** Computations that wait for a place. */
  readonly maxWaiting: number;
}

/** A computation, and who waits for it. */
interface Computation<T> {
  readonly result: Promise<T>;
  readonly abort: AbortController;
  askers: number;
}

/** One kind of work. */
export class SharedWork<T> {
  readonly #shared = new Map<string, Computation<T>>();
  readonly #slots: Slots;
  #running = 0;

  constructor({ maxRunning, maxWaiting }: SharedWorkLimits) {
    this.#slots = new Slots(maxRunning, maxWaiting);
  }

  /** How many are being computed. */
  get running(): number {
    return this.#running;
  }

  /**
   * The result of the computation of this key, begun now or by an earlier caller that still waits. Rejects at once with
   * the signal's reason when the caller leaves, and with a TooMuchWorkError where too much waits already.
   */
  async run(key: string, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    const shared = this.#shared.get(key) ?? this.#begin(key, work);
    shared.askers += 1;
    try {
      return await (signal === undefined ? shared.result : untilAborted(shared.result, signal));
    } finally {
      shared.askers -= 1;
      if (shared.askers === 0 && this.#shared.get(key) === shared) {
        this.#shared.delete(key);
        shared.abort.abort(new DOMException("nobody waits for it any more", "AbortError"));
      }
    }
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<T>): Computation<T> {
    if (this.#slots.isFull) throw new TooMuchWorkError();
    const abort = new AbortController();
    const result = this.#compute(abort.signal, work).finally(() => {
      if (this.#shared.get(key)?.abort === abort) this.#shared.delete(key);
    });
    // All callers may have left before it fails.
    result.catch(() => {});
    const shared = { result, abort, askers: 0 };
    this.#shared.set(key, shared);
    return shared;
  }

  async #compute(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    using _slot = await this.#slots.take();
    this.#running += 1;
    try {
      signal.throwIfAborted();
      return await work(signal);
    } finally {
      this.#running -= 1;
    }
  }
}
