// Taking away contents that nothing needs: what one run judges, the next one announces before it reads what is needed,
// and deletes only if it is still not.
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { type CondemnedObject, maxCondemned, readRunNotes, writeRunNotes } from "./candidates.ts";
import { type Lease, type LeaseOptions, takeLease } from "./lease.ts";
import { contentsScope, maxNoticedKeys, type Notices } from "./notices.ts";
import { type BucketRemoving, beginRemoving } from "./removing.ts";

/** Where a collection keeps its notes, and how it announces. */
export interface BucketCollectionOptions {
  readonly notices: Notices;
  readonly lease: LeaseOptions;
  readonly candidatesKey: string;
}

/** How many objects are looked at at once. */
const lookers = 16;
const leastSeconds = 15 * 60;
/** A signature's longest life. */
const mostSeconds = 7 * 24 * 60 * 60;

/** Begins the only collection, or tells what the holder of it has noted. */
export async function beginCollection(
  objects: BucketObjects,
  options: BucketCollectionOptions,
): Promise<BucketCollection | { readonly heldBy: string }> {
  const lease = await takeLease(objects, options.lease);
  return "heldBy" in lease ? lease : new BucketCollection(objects, { ...options, hold: lease });
}

/** How long deletions may be sent for, after a walk that took so long the last time. */
export function planSeconds(walkMs: number): number {
  return Math.min(Math.max(leastSeconds, Math.ceil((4 * walkMs) / 1000)), mostSeconds);
}

/** One run. */
export class BucketCollection implements AsyncDisposable {
  readonly #objects: BucketObjects;
  readonly #options: BucketCollectionOptions & { readonly hold: Lease };
  readonly #announced: { readonly removing: BucketRemoving; readonly keys: ReadonlySet<string> }[] = [];
  readonly #judged: CondemnedObject[] = [];

  constructor(objects: BucketObjects, options: BucketCollectionOptions & { readonly hold: Lease }) {
    this.#objects = objects;
    this.#options = options;
  }

  /** What the last run condemned; from here on nobody relies on it. Before anything that may need it is read. */
  async announce(): Promise<readonly CondemnedObject[]> {
    const { walkMs, condemned } = await readRunNotes(this.#objects, this.#options.candidatesKey);
    const seconds = planSeconds(walkMs);
    for (let start = 0; start < condemned.length; start += maxNoticedKeys) {
      const keys = condemned.slice(start, start + maxNoticedKeys).map(({ key }) => key);
      const { notices } = this.#options;
      const removing = await beginRemoving(this.#objects, { notices, scope: contentsScope, keys, seconds });
      this.#announced.push({ removing, keys: new Set(keys) });
    }
    return condemned;
  }

  /** Deletes those that were announced and are still what was judged; returns those that went. */
  async destroy(entries: readonly CondemnedObject[]): Promise<readonly CondemnedObject[]> {
    const destroyed: CondemnedObject[] = [];
    for (const { removing, keys } of this.#announced) {
      const same = await this.#unchanged(entries.filter(({ key }) => keys.has(key)));
      const refused = new Set(await removing.deleteAll(same.map(({ key }) => key)));
      destroyed.push(...same.filter(({ key }) => !refused.has(key)));
    }
    return destroyed;
  }

  /** Those of them that are there, as they were judged. */
  async #unchanged(entries: readonly CondemnedObject[]): Promise<readonly CondemnedObject[]> {
    const waiting = [...entries];
    const same: CondemnedObject[] = [];
    const work = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        if ((await this.#objects.stat(next.key))?.etag === next.etag) same.push(next);
      }
    };
    await Promise.all(Array.from({ length: lookers }, work));
    return same;
  }

  /** Has the content taken away by the next run, if it is the same then; false if there are enough of them. */
  condemn(key: string, { etag }: Pick<ObjectStat, "etag">): boolean {
    if (this.#judged.length >= maxCondemned) return false;
    this.#judged.push({ key, etag });
    return true;
  }

  /** Shows that the collection goes on; false if somebody else has taken it over. */
  async keep(): Promise<boolean> {
    return await this.#options.hold.keep();
  }

  /** Leaves for the next run what was condemned by this one, and how long it took to read everything. */
  async finish(walkMs: number): Promise<void> {
    await writeRunNotes(this.#objects, this.#options.candidatesKey, { walkMs, condemned: this.#judged });
  }

  /** Ends the announcements, and lets the next one begin. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { removing } of this.#announced) await removing[Symbol.asyncDispose]();
    await this.#options.hold[Symbol.asyncDispose]();
  }
}
