// Chance, and whose turn it is: every request waits until it is drawn, and whoever sent it may sleep or die meanwhile.
import type { Fault } from "./engine.ts";
import type { World } from "./world.ts";

/** Numbers that a seed decides. */
export interface Chance {
  below(limit: number): number;
}

/** Marsaglia's xorshift. */
export function chanceOf(seed: number): Chance {
  let state = (seed * 2_654_435_761 + 1) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  for (let round = 0; round < 8; round += 1) next();
  return { below: (limit) => next() % limit };
}

/** Requests that wait for their turn. */
export class Turns {
  readonly #chance: Chance;
  #waiting: { readonly actor: number; readonly goOn: () => void }[] = [];
  #asleep = new Map<number, number>();
  #step = 0;

  constructor(chance: Chance) {
    this.#chance = chance;
  }

  /** Waits for a turn of this actor. */
  wait(actor: number): Promise<void> {
    return new Promise((resolve) => this.#waiting.push({ actor, goOn: resolve }));
  }

  /** Gives turns until everybody is done, or dead. */
  async give(work: readonly Promise<unknown>[], each: () => void): Promise<void> {
    const isOver = new Set<number>();
    for (const [actor, one] of work.entries()) void one.finally(() => isOver.add(actor)).catch(() => {});
    while (isOver.size < work.length) {
      await new Promise((resolve) => setImmediate(resolve));
      const ready = this.#waiting.filter(({ actor }) => !isOver.has(actor));
      // Until then somebody is still about to say what he wants.
      if (new Set(ready.map(({ actor }) => actor)).size < work.length - isOver.size) continue;
      this.#step += 1;
      const awake = ready.filter(({ actor }) => (this.#asleep.get(actor) ?? 0) < this.#step);
      const next = awake[this.#chance.below(Math.max(1, awake.length))];
      if (next === undefined) continue;
      const lot = this.#chance.below(60);
      if (lot === 0) isOver.add(next.actor);
      else if (lot < 6) this.#asleep.set(next.actor, this.#step + this.#chance.below(60));
      else {
        this.#waiting = this.#waiting.filter((waiting) => waiting !== next);
        each();
        next.goOn();
      }
    }
  }
}

/** What may go wrong with a request. */
export const lots: readonly Fault[] = [
  { kind: "lost" },
  { kind: "dropped" },
  { kind: "late" },
  { kind: "doubled" },
  { kind: "refused", status: 503, code: "SlowDown" },
  { kind: "misreported", status: 500, code: "UnknownError" },
];

/** The store fails now and then, its late requests arrive some time, and its clock goes on, or leaps. */
export function disturb({ engine }: Pick<World, "engine">, chance: Chance): { readonly step: () => void } {
  engine.fault = () => (chance.below(8) === 0 ? lots[chance.below(lots.length)] : undefined);
  const leaps = [1_000, 10_000, 61_000, 200_000, 1_200_000];
  const step = () => {
    if (chance.below(6) === 0) void engine.arrive();
    if (chance.below(8) === 0) engine.nowMs += leaps[chance.below(leaps.length)] ?? 0;
  };
  return { step };
}
