// Work that many ask for at once is done once.

interface Running<T> {
  readonly result: Promise<T>;
  readonly startedMs: number;
}

/** Gives everybody who asks for the same key while the work is under way the same result. */
export class Shared<T> {
  readonly #running = new Map<string, Running<T>>();

  /** The result of the work that is under way for the key, or else of this one. Nobody joins work older than the limit. */
  run(key: string, limitMs: number, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running !== undefined && performance.now() - running.startedMs < limitMs) return running.result;
    const result = work().finally(() => {
      if (this.#running.get(key)?.result === result) this.#running.delete(key);
    });
    this.#running.set(key, { result, startedMs: performance.now() });
    return result;
  }
}
