// The repositories that take the most space, of however many there are.
import type { RepositoryUsage } from "./usage.ts";

const maxListed = 100;

/** Keeps the largest ones. */
export class LargestRepositories {
  #largest: RepositoryUsage[] = [];
  readonly #unreadable: RepositoryUsage[] = [];

  add(usage: RepositoryUsage): void {
    if (usage.problems.length > 0 && this.#unreadable.length < maxListed) this.#unreadable.push(usage);
    this.#largest.push(usage);
    if (this.#largest.length >= 2 * maxListed) this.#trim();
  }

  /** Largest first. */
  list(): readonly RepositoryUsage[] {
    this.#trim();
    return this.#largest;
  }

  /** The first ones of which something cannot be read. */
  unreadable(): readonly RepositoryUsage[] {
    return this.#unreadable;
  }

  #trim(): void {
    this.#largest.sort((one, other) => other.sizeBytes - one.sizeBytes);
    this.#largest = this.#largest.slice(0, maxListed);
  }
}
