// Work that many ask for at once is done once.

/** Gives everybody who asks for the same key while the work is under way the same result. */
export class Shared<T> {
  readonly #running = new Map<string, Promise<T>>();

  /** The result of the work that is under way for the key, or else of this one. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = work().finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }
}
