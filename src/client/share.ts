// Work that is asked for several times at once, and done once.

interface SharedRun<T> {
  readonly result: Promise<T>;
  readonly startedMs: number;
}

/** Gives all who ask for the same key while the work is under way the same result. */
export class Shared<T> {
  readonly #running = new Map<string, SharedRun<T>>();

  /** The result of the work under way for the key, or else of this work. Work older than the limit is not joined. */
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
