// The names of a repository's tags, remembered for as long as the directory that they lie in stays as it is: one look at
// its time replaces reading it, and every tag in it. A store without such times is listed: that tells which of them are tags.
import { BoundedMap } from "../lib/bounded-map.ts";
import { inTurns } from "../lib/pacer.ts";
import { sortInTurns } from "../lib/sorted.ts";
import type { RepositoryName } from "../oci/name.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { Listings } from "../storage/listings.ts";
import { tagsPrefix } from "./layout.ts";
import type { Store } from "./store.ts";
import { listTagLinks } from "./tag-links.ts";

/** Names below a tags directory. */
interface KnownNames {
  /** When the directory last changed. */
  readonly changedMs: number;
  /** In byte order; those of tags, and of what other registries and killed pushes leave behind. */
  readonly names: readonly Tag[];
  /** Those that turned out to be tags. They leave the directory when they are deleted. */
  readonly tags: Set<Tag>;
}

/** Some megabytes, in all repositories together. */
const mostNames = 200_000;
/** A directory that changed a moment ago may change once more without a new time: clocks of filesystems have ticks. */
const settledMs = 2000;

/** Names of tags, of the repositories that were listed last. */
export class TagNames {
  readonly #store: Store;
  readonly #known = new BoundedMap<RepositoryName, KnownNames>(mostNames, ({ names }) => names.length + 1);

  constructor(store: Store) {
    this.#store = store;
  }

  /** What lies below the repository's tags directory now; whoever finds a tag there adds it to `tags`. */
  async of(name: RepositoryName): Promise<KnownNames> {
    const { listings } = this.#store;
    if (listings !== undefined) return await listNames(listings, name);
    const prefix = tagsPrefix(name);
    const changedMs = (await this.#store.directory.changeTime(prefix)) ?? 0;
    const known = this.#known.get(name);
    if (known?.changedMs === changedMs) return known;
    const isSettled = changedMs > 0 && Math.abs(this.#store.now() - changedMs) > settledMs;
    const names: Tag[] = [];
    for await (const text of inTurns(await this.#store.objects.list(prefix))) {
      const tag = parseTag(text);
      if (tag !== undefined) names.push(tag);
    }
    const found = { changedMs, names, tags: new Set<Tag>() };
    if (isSettled) this.#known.set(name, found);
    else this.#known.delete(name);
    return found;
  }
}

async function listNames(listings: Listings, name: RepositoryName): Promise<KnownNames> {
  const names: Tag[] = [];
  for await (const { tag } of listTagLinks(listings, name)) names.push(tag);
  // The end of a key sorts differently from the end of a name.
  return { changedMs: 0, names: (await sortInTurns(names)) as Tag[], tags: new Set(names) };
}

/** Where the names after the given one begin. */
export function indexAfter(names: readonly string[], after: string | undefined): number {
  if (after === undefined) return 0;
  let [low, high] = [0, names.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? "") > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
