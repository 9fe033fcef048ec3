// Chance from a seed: the same seed and the same questions give the same answers, on every machine.

/** A source of chance. */
export class Chance {
  readonly #label: string;
  readonly #state: Uint32Array;

  constructor(label: string) {
    this.#label = label;
    this.#state = new Uint32Array(new Uint8Array(Bun.CryptoHasher.hash("sha256", label)).buffer).slice(0, 4);
  }

  /** A source of its own for a part of the work, which does not hang on how often this one was asked. */
  fork(part: string | number): Chance {
    return new Chance(`${this.#label}/${part}`);
  }

  /** From 0 up to 1, and never 1. */
  fraction(): number {
    return this.#word() / 2 ** 32;
  }

  /** A whole number from 0 up to, and never, `limit`. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** A whole number between these two; both may come. */
  between(lowest: number, highest: number): number {
    return lowest + this.below(highest - lowest + 1);
  }

  happens(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    const choice = choices[this.below(choices.length)];
    if (choice === undefined) throw new Error("there is nothing to choose from");
    return choice;
  }

  /** One of the names, each as often as its weight says. */
  weigh<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = Object.entries(weights) as [Name, number][];
    let rest = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      rest -= weight;
      if (rest < 0) return name;
    }
    throw new Error("there is nothing to choose from");
  }

  bytes(count: number): Uint8Array<ArrayBuffer> {
    const words = new Uint32Array(Math.ceil(count / 4));
    for (let index = 0; index < words.length; index += 1) words[index] = this.#word();
    return new Uint8Array(words.buffer).slice(0, count);
  }

  /** Small fast counter (sfc32). */
  #word(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const sum = (a + b + d) >>> 0;
    this.#state.set([b ^ (b >>> 9), c + (c << 3), ((c << 21) | (c >>> 11)) + sum, d + 1]);
    return sum;
  }
}
