// Garbage in a bucket: a list of what the last collection condemned, which stays in its place until the next one has
// announced it, read the references, and found none. So nothing has to be brought back.
import type { Content } from "../../lib/content.ts";
import type { Collection, CollectionOptions, Condemned, Garbage } from "../garbage.ts";
import { transfersPlace } from "../places.ts";
import type { Key, Stat } from "../ports.ts";
import type { BucketClaims } from "./bucket-claims.ts";
import type { BucketObjects } from "./bucket-objects.ts";
import { type CondemnedObject, readRunNotes } from "./candidates.ts";
import { BucketCollection, beginCollection, nameOf } from "./collection.ts";
import type { Notices } from "./notices.ts";
import { describeObject } from "./object-stat.ts";
import type { BucketTiming } from "./timing.ts";

/** What it needs. */
export interface BucketGarbageOptions {
  readonly notices: Notices;
  readonly claims: Pick<BucketClaims, "sweep">;
  /** The prefix of what collections note, with its slash at the end. */
  readonly prefix: string;
  readonly newId: () => string;
  readonly timing: Pick<BucketTiming, "collectionSeconds" | "leaseMs">;
}

/** The garbage of a bucket; see the contract in garbage.ts. */
export class BucketGarbage implements Garbage {
  readonly #objects: BucketObjects;
  readonly #options: BucketGarbageOptions;
  readonly #noted: NotedEntries = new WeakMap();

  constructor(objects: BucketObjects, options: BucketGarbageOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  async list(): Promise<readonly Condemned[]> {
    const { condemned } = await readRunNotes(this.#objects, this.#candidatesKey(undefined));
    return describeAll(condemned, this.#noted);
  }

  /** As it was noted. */
  async stat(entry: Condemned): Promise<Stat | undefined> {
    const noted = this.#noted.get(entry);
    return noted && statOf(noted);
  }

  /** Whatever is garbage is still under its key. */
  async open(): Promise<Content | undefined> {
    return undefined;
  }

  async restore(): Promise<boolean> {
    return false;
  }

  /** Marks them: what is marked counts as missing, and what a push puts in its place is without the mark. */
  async setAside(content: Key, judged: Stat): Promise<boolean> {
    const stat = await this.#objects.stat(content);
    if (stat === undefined) return false;
    const now = describeObject(stat);
    if (now.identity !== judged.identity || now.changedMs !== judged.changedMs) return false;
    await this.#options.notices.damage.note(content, stat, true);
    return true;
  }

  async tidy(): Promise<void> {
    await this.#options.notices.sweep();
    await this.#options.notices.damage.sweep();
    await this.#options.claims.sweep(transfersPlace);
  }

  async collect({ note, tag }: CollectionOptions): Promise<Collection | { readonly heldBy: string }> {
    const { notices, newId, prefix, timing } = this.#options;
    const lease = { key: `${prefix}lease`, note, newId, lifetimeMs: timing.leaseMs };
    const options = { notices, lease, candidatesKey: this.#candidatesKey(tag), leastSeconds: timing.collectionSeconds };
    const begun = await beginCollection(this.#objects, options);
    return begun instanceof BucketCollection
      ? new GarbageRun(begun, { clock: this.#objects.client.options.clock, noted: this.#noted })
      : begun;
  }

  #candidatesKey(tag: string | undefined): Key {
    return `${this.#options.prefix}candidates${tag === undefined ? "" : `-${tag}`}`;
  }
}

/** What was noted of entries that somebody has listed. */
type NotedEntries = WeakMap<Condemned, CondemnedObject>;

function describeAll(condemned: readonly CondemnedObject[], noted: NotedEntries): readonly Condemned[] {
  return condemned.map((each) => {
    const entry = { name: nameOf(each), content: each.key, isInPlace: true, isSetAside: false };
    noted.set(entry, each);
    return entry;
  });
}

function statOf({ etag, sizeBytes, condemnedMs }: CondemnedObject): Stat {
  return describeObject({ etag, sizeBytes, changedMs: condemnedMs });
}

/** One run, in the words of the contract. */
class GarbageRun implements Collection {
  readonly #run: BucketCollection;
  readonly #clock: { readonly now: () => number };
  readonly #noted: NotedEntries;
  readonly #startedMs: number;

  constructor(
    run: BucketCollection,
    { clock, noted }: { readonly clock: { readonly now: () => number }; readonly noted: NotedEntries },
  ) {
    this.#run = run;
    this.#clock = clock;
    this.#noted = noted;
    this.#startedMs = clock.now();
  }

  async condemned(): Promise<readonly Condemned[]> {
    return describeAll(await this.#run.announce(), this.#noted);
  }

  async destroy(entries: readonly Condemned[]): Promise<readonly Condemned[]> {
    const announced = entries.flatMap((entry) => this.#noted.get(entry) ?? []);
    const gone = new Set((await this.#run.destroy(announced)).map(nameOf));
    return entries.filter(({ name }) => gone.has(name));
  }

  /** What has another identity when the next run looks again stays. */
  async condemn(content: Key, judged: Stat): Promise<boolean> {
    return this.#run.condemn(content, { etag: judged.identity, sizeBytes: judged.sizeBytes });
  }

  async keep(): Promise<void> {
    await this.#run.keep();
  }

  async finish(): Promise<void> {
    await this.#run.finish(Math.max(0, this.#clock.now() - this.#startedMs));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#run[Symbol.asyncDispose]();
  }
}
