// Which tags point to a manifest, without reading all of them under the lock. Other registries keep no index by digest,
// and nothing tells whether they have moved a tag. So all tags are read from time to time, without the lock and in slices,
// and later moves are in a log (move-log.ts). A holder of the exclusive lock that finds the log from before the reading knows
// every tag that may point to the manifest: it pointed there when it was read, or was moved after
// the log was made. Each candidate is then read again.
import { forEachAtOnce } from "../lib/at-once.ts";
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { Listings } from "../storage/listings.ts";
import type { Objects } from "../storage/ports.ts";
import { knownTargets } from "./known-targets.ts";
import { digestFromPath, revisionsPrefix, tagsPrefix } from "./layout.ts";
import { movedTo, readMoveLog, startMoveLog } from "./move-log.ts";
import { type Store, withRemoving } from "./store.ts";
import { listTagLinks } from "./tag-links.ts";
import { readTag } from "./tags.ts";

/** All tags of a repository by what they pointed to. */
interface TagReading {
  /** Of the log that was there before. */
  readonly logId: string;
  readonly atMs: number;
  readonly tags: ReadonlyMap<Digest, readonly Tag[]>;
}

/** How it is searched. */
interface SearchOptions {
  /** Up to so many tags, all are read each time. */
  readonly fewTags: number;
  /** More are not kept in memory. */
  readonly maxTags: number;
  /** How soon a move by another program is noticed. */
  readonly freshMs: number;
}

const defaults: SearchOptions = { fewTags: 500, maxTags: 300_000, freshMs: 60_000 };
const maxReadings = 4;
/** How many tags are read at once, if each is a request. */
const lookers = 16;

/** The search in one store. */
export class TagSearch {
  readonly #store: Store;
  readonly #options: SearchOptions;
  readonly #readings = new BoundedMap<RepositoryName, TagReading>(maxReadings);
  readonly #running = new Map<RepositoryName, Promise<void>>();

  constructor(store: Store, options: SearchOptions = defaults) {
    this.#store = store;
    this.#options = options;
  }

  /** For a caller that is about to take the lock; without it, `find` takes longer, and is just as correct. */
  async prepare(name: RepositoryName): Promise<void> {
    const running = this.#running.get(name) ?? this.#prepare(name).finally(() => this.#running.delete(name));
    this.#running.set(name, running);
    await running;
  }

  async #prepare(name: RepositoryName): Promise<void> {
    const known = this.#readings.get(name);
    if (this.#store.listings !== undefined || !this.#store.changes.isExclusive) return;
    const ageMs = this.#store.now() - (known?.atMs ?? 0);
    if (known !== undefined && ageMs >= 0 && ageMs < this.#options.freshMs && (await this.#isCurrent(name, known)))
      return;
    this.#readings.delete(name);
    if (!(await this.#hasMany(name))) return;
    const atMs = this.#store.now();
    // On a full disk there is no log, and no harm.
    const start = () => startMoveLog(this.#store, name);
    const logId = await withRemoving(this.#store, name, [], start).catch(() => undefined);
    if (logId === undefined) return;
    const tags = new Map<Digest, Tag[]>();
    let count = 0;
    for await (const [tag, digest] of readAll(this.#store, name)) {
      count += 1;
      if (count > this.#options.maxTags) return;
      const others = tags.get(digest);
      if (others === undefined) tags.set(digest, [tag]);
      else others.push(tag);
    }
    this.#readings.set(name, { logId, atMs, tags });
  }

  async #hasMany(name: RepositoryName): Promise<boolean> {
    let count = 0;
    for await (const _tag of await this.#store.objects.names(tagsPrefix(name))) {
      count += 1;
      if (count > this.#options.fewTags) return true;
    }
    return false;
  }

  /** All tags that point to the manifest; the caller holds the lock exclusively. */
  async find(name: RepositoryName, digest: Digest): Promise<readonly Tag[]> {
    if (this.#store.listings !== undefined) return await this.#findListed(this.#store.listings, name, digest);
    const reading = this.#readings.get(name);
    const log = reading === undefined ? undefined : await readMoveLog(this.#store, name);
    const tags: Tag[] = [];
    if (reading === undefined || log?.id !== reading.logId) {
      for await (const [tag, pointsTo] of readAll(this.#store, name)) if (pointsTo === digest) tags.push(tag);
      return tags;
    }
    for (const tag of new Set([...(reading.tags.get(digest) ?? []), ...movedTo(digest, log)])) {
      if ((await readTag(this.#store, name, tag)) === digest) tags.push(tag);
    }
    return tags;
  }

  /**
   * What a link holds shows in the listing, if what tells objects from each other follows from their bytes. In a bucket that was
   * once encrypted in another way it does so for some links only; those that lead to no known manifest are read.
   */
  async #findListed(listings: Listings, name: RepositoryName, digest: Digest): Promise<readonly Tag[]> {
    const identity = listings.identityOf(new TextEncoder().encode(digest));
    const links = await Array.fromAsync(listTagLinks(listings, name));
    const others = links.filter(({ stat }) => stat.identity !== identity);
    const revisions = others.length === 0 || identity === undefined ? [] : listRevisions(listings, name);
    const known = await knownTargets(listings, revisions);
    const found = new Set<Tag>();
    const unknown = others.filter(({ stat }) => !known.has(stat.identity));
    await forEachAtOnce(unknown, lookers, async ({ tag }) => {
      if ((await readTag(this.#store, name, tag)) === digest) found.add(tag);
    });
    return links.flatMap(({ tag, stat }) => (stat.identity === identity || found.has(tag) ? [tag] : []));
  }

  async #isCurrent(name: RepositoryName, { logId }: TagReading): Promise<boolean> {
    return (await readMoveLog(this.#store, name))?.id === logId;
  }
}

const searches = new WeakMap<Objects, TagSearch>();

/** The one search of a store. */
export function tagSearchOf(store: Store): TagSearch {
  const known = searches.get(store.objects) ?? new TagSearch(store);
  searches.set(store.objects, known);
  return known;
}

/** The manifests that the repository links. */
async function* listRevisions(listings: Listings, name: RepositoryName): AsyncGenerator<Digest> {
  const prefix = revisionsPrefix(name);
  for await (const page of listings.scan(prefix)) {
    for (const { key } of page) {
      const [algorithm = "", hex = ""] = key.slice(prefix.length + 1).split("/");
      const digest = digestFromPath(algorithm, hex);
      if (digest !== undefined) yield digest;
    }
  }
}

async function* readAll(store: Store, name: RepositoryName): AsyncGenerator<readonly [Tag, Digest]> {
  const { tagReads = 1 } = store;
  let tags: Tag[] = [];
  const readThem = async () => {
    const read = await Promise.all(tags.map(async (tag) => [tag, await readTag(store, name, tag)] as const));
    tags = [];
    return read.flatMap(([tag, digest]) => (digest === undefined ? [] : [[tag, digest] as const]));
  };
  for await (const text of await store.objects.names(tagsPrefix(name))) {
    const tag = parseTag(text);
    if (tag !== undefined) tags.push(tag);
    if (tags.length >= tagReads) yield* await readThem();
  }
  yield* await readThem();
}
