// All repositories, each with the store as it is to be read there: a directory is walked, one repository after the other; of
// a store that is listed at once, several parts are listed at the same time, and no repository is asked for by itself.
import { forEachAtOnce } from "../lib/at-once.ts";
import { inTurns } from "../lib/pacer.ts";
import type { ListedKey, ListingRange, Listings } from "../storage/listings.ts";
import type { Key } from "../storage/ports.ts";
import { isOwnDirectory, repositoriesPrefix, reservedPrefix } from "./layout.ts";
import type { KeyListing } from "./listed-objects.ts";
import { type Unlistable, walkPrefixes } from "./repositories.ts";
import type { Store } from "./store.ts";
import { viewOfListing } from "./view.ts";

/** Where a repository lies, or what is left of one. */
export interface SeenRepository {
  readonly prefix: Key;
  /** The store, with the links of this repository as they were seen a moment ago. */
  readonly seen: Store;
}

/** What is done with repositories. */
export interface RepositoryVisit {
  readonly visit: (place: SeenRepository) => Promise<void>;
  /** Called for what cannot be read; the rest is still visited. */
  readonly unlistable: (place: Unlistable) => void;
}

const ranges = 16;

/** Visits everything below the repositories that has something of one; see `walkPrefixes`. */
export async function forEachRepository(store: Store, { visit, unlistable }: RepositoryVisit): Promise<void> {
  const { listings } = store;
  if (listings === undefined) {
    for await (const prefix of walkPrefixes(store, repositoriesPrefix, unlistable))
      await visit({ prefix, seen: store });
    return;
  }
  const visitRange = async (range: ListingRange) => {
    const groups = groupByRepository(listings, range);
    for (;;) {
      const next = await groups.next().catch((error: unknown) => ({ error }));
      if ("error" in next) return unlistable({ prefix: repositoriesPrefix, error: next.error, isLoop: false });
      if (next.done === true) return;
      await visit({ prefix: next.value.prefix, seen: await viewOfListing(store, next.value) });
    }
  };
  await forEachAtOnce(await planRanges(store), ranges, visitRange);
}

/** What has many names is cut between them: then no repository is in two parts, since its own keys lie side by side. */
async function planRanges(store: Store): Promise<readonly ListingRange[]> {
  const names = await listSome(store, []);
  const deep = names.length < ranges ? await Promise.all(names.map((name) => listSome(store, [name]))) : [];
  const paths = [...names, ...deep.flat()].sort();
  const cuts = Array.from(
    { length: ranges - 1 },
    (_, index) => paths[Math.floor(((index + 1) * paths.length) / ranges)],
  );
  const keys = [...new Set(cuts)].flatMap((path) => (path === undefined ? [] : `${repositoriesPrefix}/${path}`));
  return [undefined, ...keys].map((after, index) => ({ after, end: keys[index] }));
}

const someNames = 1000;

/** What lies below a path and may be, or hold, a repository. */
async function listSome(store: Store, path: readonly string[]): Promise<readonly string[]> {
  const prefix = [repositoriesPrefix, ...path].join("/");
  const names = await store.objects.list(prefix, { limit: someNames });
  return names.filter((name) => !name.startsWith(reservedPrefix)).map((name) => [...path, name].join("/"));
}

/** The keys of one repository after the other; what belongs to none is passed over. */
async function* groupByRepository(listings: Listings, range: ListingRange): AsyncGenerator<KeyListing> {
  let [prefix, listed]: [Key | undefined, ListedKey[]] = [undefined, []];
  for await (const page of listings.scan(repositoriesPrefix, range)) {
    for await (const each of inTurns(page)) {
      const own = repositoryOf(each.key);
      if (own !== prefix) {
        if (prefix !== undefined && hasOwnDirectory(prefix, listed)) yield { prefix, listed };
        [prefix, listed] = [own, []];
      }
      if (own !== undefined) listed.push(each);
    }
  }
  if (prefix !== undefined && hasOwnDirectory(prefix, listed)) yield { prefix, listed };
}

function repositoryOf(key: Key): Key | undefined {
  const end = key.indexOf(`/${reservedPrefix}`, repositoriesPrefix.length + 1);
  return end === -1 ? undefined : key.slice(0, end);
}

function hasOwnDirectory(prefix: Key, listed: readonly ListedKey[]): boolean {
  return listed.some(({ key }) => {
    const end = key.indexOf("/", prefix.length + 1);
    return end !== -1 && isOwnDirectory(key.slice(prefix.length + 1, end));
  });
}
