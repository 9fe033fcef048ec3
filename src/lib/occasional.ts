// Something that may happen thousands of times a minute and is said once a minute, with how often it was.

/** How it is said. */
export interface OccasionalOptions<T> {
  readonly intervalMs: number;
  /** How many keys are told apart. */
  readonly maxKeys: number;
  /** Told the last case of a key, and how many there were since it was told before. */
  readonly say: (key: string, last: T, count: number) => void;
  /** Does the work later, unless the process ends. */
  readonly later: (work: () => void, delayMs: number) => void;
}

interface Quiet<T> {
  readonly last: T;
  readonly count: number;
}

/** Says the first case of a key at once, and then, for as long as there are more, one sentence for each interval. */
export class Occasional<T> {
  readonly #options: OccasionalOptions<T>;
  /** The keys that were told less than an interval ago, with what happened since; undefined: nothing. */
  readonly #quiet = new Map<string, Quiet<T> | undefined>();

  constructor(options: OccasionalOptions<T>) {
    this.#options = options;
  }

  /** Notes a case, or several of them. */
  note(key: string, value: T, count = 1): void {
    if (this.#quiet.has(key)) {
      this.#quiet.set(key, { last: value, count: (this.#quiet.get(key)?.count ?? 0) + count });
    } else if (this.#quiet.size < this.#options.maxKeys) {
      this.#tell(key, { last: value, count });
    }
  }

  #tell(key: string, { last, count }: Quiet<T>): void {
    this.#quiet.set(key, undefined);
    this.#options.say(key, last, count);
    this.#options.later(() => {
      const more = this.#quiet.get(key);
      if (more === undefined) this.#quiet.delete(key);
      else this.#tell(key, more);
    }, this.#options.intervalMs);
  }
}

/** A timer that does not keep the process alive. */
export function onTimer(work: () => void, delayMs: number): void {
  setTimeout(work, delayMs).unref();
}
