// Looks at contents that were made a moment ago, by whoever is about to open what he saw: he need not look twice.
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { ObjectStat } from "./bucket-objects.ts";

const recentMs = 1000;
/** As many as may be made before they are used. */
const mostLooks = 1000;

/** Each look is used once. */
export class RecentLooks {
  readonly #looks = new BoundedMap<string, { readonly stat: ObjectStat; readonly atMs: number }>(mostLooks);
  readonly #now: () => number;

  /** By a clock that is not set back. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Somebody has looked. */
  note(key: string, stat: ObjectStat): void {
    this.#looks.set(key, { stat, atMs: this.#now() });
  }

  /** What was seen a moment ago; undefined if nobody has looked, or it is too long ago. */
  take(key: string): ObjectStat | undefined {
    const look = this.#looks.get(key);
    this.#looks.delete(key);
    return look !== undefined && this.#now() - look.atMs < recentMs ? look.stat : undefined;
  }
}
