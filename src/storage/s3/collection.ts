// Taking away contents that nothing needs: what one run judges, the next one announces before it reads what is needed,
// and deletes only if it is still not.
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { type CondemnedObject, maxCondemned, readRunNotes, writeRunNotes } from "./candidates.ts";
import { type Lease, type LeaseOptions, takeLease } from "./lease.ts";
import { contentsScope, type Notices } from "./notices.ts";
import { type BucketRemoving, beginRemoving } from "./removing.ts";

/** Where a collection keeps its notes, and how it announces. */
export interface BucketCollectionOptions {
  readonly notices: Notices;
  readonly lease: LeaseOptions;
  readonly candidatesKey: string;
  /** How long its deletions are good for at least. */
  readonly leastSeconds: number;
}

/** How many objects are looked at at once. */
const lookers = 16;
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

/** Tells a content from another one under the same key. */
export function nameOf({ key, etag }: Pick<CondemnedObject, "key" | "etag">): string {
  return `${etag} ${key}`;
}

/** How long deletions may be sent for, after a walk that took so long the last time. */
export function planSeconds(walkMs: number, leastSeconds: number): number {
  return Math.min(Math.max(leastSeconds, Math.ceil((4 * walkMs) / 1000)), mostSeconds);
}

/** One run. */
export class BucketCollection implements AsyncDisposable {
  readonly #objects: BucketObjects;
  readonly #options: BucketCollectionOptions & { readonly hold: Lease };
  readonly #startedMs: number;
  #announced: BucketRemoving | undefined;
  /** Of what earlier runs condemned. */
  readonly #since = new Map<string, number>();
  readonly #judged: CondemnedObject[] = [];

  constructor(objects: BucketObjects, options: BucketCollectionOptions & { readonly hold: Lease }) {
    this.#objects = objects;
    this.#options = options;
    this.#startedMs = objects.client.options.clock.now();
  }

  /** What the last run condemned; from here on nobody relies on it. Before anything that may need it is read. */
  async announce(): Promise<readonly CondemnedObject[]> {
    const { notices, candidatesKey, leastSeconds } = this.#options;
    const { walkMs, condemned } = await readRunNotes(this.#objects, candidatesKey);
    const keys = condemned.map(({ key }) => key);
    const options = { notices, scope: contentsScope, keys, seconds: planSeconds(walkMs, leastSeconds) };
    this.#announced = await beginRemoving(this.#objects, options);
    for (const each of condemned) this.#since.set(nameOf(each), each.condemnedMs);
    return condemned;
  }

  /** Deletes those that were announced and are still what was judged; returns those that went. */
  async destroy(entries: readonly CondemnedObject[]): Promise<readonly CondemnedObject[]> {
    const same = await this.#unchanged(entries);
    const refused = new Set(await this.#announced?.tryDeleteAll(same.map(({ key }) => key)));
    return same.filter(({ key }) => !refused.has(key));
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
  condemn(key: string, { etag, sizeBytes }: Pick<ObjectStat, "etag" | "sizeBytes">): boolean {
    if (this.#judged.length >= maxCondemned) return false;
    const condemnedMs = this.#since.get(nameOf({ key, etag })) ?? this.#startedMs;
    this.#judged.push({ key, etag, sizeBytes, condemnedMs });
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
    await this.#announced?.[Symbol.asyncDispose]();
    await this.#options.hold[Symbol.asyncDispose]();
  }
}
