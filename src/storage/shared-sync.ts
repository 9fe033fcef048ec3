// One sync for all who ask while another one runs: what they have written by then, it writes back together.

/** Something that is synced as a whole. */
export class SharedSync {
  readonly #sync: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(sync: () => Promise<void>) {
    this.#sync = sync;
  }

  /** Whether nothing is being synced, and nobody waits. */
  get isIdle(): boolean {
    return this.#running === undefined && this.#next === undefined;
  }

  /** Returns when a sync is done that began after this call; throws if that fails, as it does for all who wait for it. */
  run(): Promise<void> {
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#start();
    // Whoever waits for the one that runs hears of its failure; the next one is another matter.
    this.#next = this.#running.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<void> {
    const running = this.#sync().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    this.#next = undefined;
    return running;
  }
}
