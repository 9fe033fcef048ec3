// A map for caches: it never holds more than its limit.

/** A map that drops the entries set longest ago to make room for a new one. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #limit: number;
  readonly #weigh: (value: V) => number;
  #weight = 0;

  /** The limit is a number of entries, or what they weigh together; one that is heavier alone stays until the next. */
  constructor(limit: number, weigh: (value: V) => number = () => 1) {
    if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`no limit for a cache: ${limit}`);
    this.#limit = limit;
    this.#weigh = weigh;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value of the key; undefined if there is none, or no longer. */
  get(key: K): V | undefined {
    return this.#entries.get(key);
  }

  /** Sets the value, which makes the entry the newest. */
  set(key: K, value: V): void {
    this.delete(key);
    this.#entries.set(key, value);
    this.#weight += this.#weigh(value);
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= this.#limit || oldest === key) return;
      this.delete(oldest);
    }
  }

  /** Whether there was such an entry. */
  delete(key: K): boolean {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#weight -= this.#weigh(value);
    return this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
    this.#weight = 0;
  }
}
