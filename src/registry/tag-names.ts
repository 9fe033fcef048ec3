// The names of a repository's tags, remembered for as long as the directory that they lie in stays as it is: one look at
// its time replaces reading it, and every tag in it. A store without such times is listed: that tells which of them are tags.
import { BoundedMap } from "../lib/bounded-map.ts";
import { inTurns } from "../lib/pacer.ts";
import { sortInTurns } from "../lib/sorted.ts";
import type { RepositoryName } from "../oci/name.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { Listings } from "../storage/listings.ts";
import { tagCurrentLink, tagsPrefix } from "./layout.ts";
import type { Store } from "./store.ts";
import { listTagLinks } from "./tag-links.ts";

/** Names below a tags directory. */
interface KnownNames {
  /** When the directory last changed; undefined if that says nothing about the next change. */
  readonly changedMs: number | undefined;
  /** When the first of `tags` was found to be one. */
  readonly sinceMs: number;
  /** In byte order; those of tags, and of what other registries and killed pushes leave behind. */
  readonly names: readonly Tag[];
  /** Those that turned out to be tags. They leave the directory when they are deleted. */
  readonly tags: Set<Tag>;
  /** What was known before the directory changed. */
  readonly before?: Pick<KnownNames, "sinceMs" | "tags"> | undefined;
}

/** Some megabytes, in all repositories together. */
const mostNames = 200_000;
/** What changed a moment ago may change once more without a new time: clocks of filesystems have ticks. */
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
    const sinceMs = this.#store.now();
    const changedMs = await this.#store.directory.changeTime(prefix);
    const known = this.#known.get(name);
    if (known?.changedMs !== undefined && known.changedMs === changedMs) return known;
    const names: Tag[] = [];
    for await (const text of inTurns(await this.#store.objects.list(prefix))) {
      const tag = parseTag(text);
      if (tag !== undefined) names.push(tag);
    }
    const found = { sinceMs, names, tags: new Set<Tag>() };
    // Behind a network nobody can tell what a time means.
    if (changedMs === undefined) return { ...found, changedMs };
    const isSettled = changedMs > 0 && Math.abs(sinceMs - changedMs) > settledMs;
    const remembered = { ...found, changedMs: isSettled ? changedMs : undefined, before: known && mostOf(known) };
    this.#known.set(name, remembered);
    return remembered;
  }
}

/** Whoever reads pages looks at few tags: what was known before them is worth more. */
function mostOf({ sinceMs, tags, before }: KnownNames): KnownNames["before"] {
  return before !== undefined && before.tags.size > tags.size ? before : { sinceMs, tags };
}

/** Whether the tag was found to be one before the directory changed, and its link is as it was. */
export async function isStillTag(
  store: Store,
  name: RepositoryName,
  { tag, before }: Pick<KnownNames, "before"> & { readonly tag: Tag },
): Promise<boolean> {
  if (before?.tags.has(tag) !== true) return false;
  const link = await store.objects.stat(tagCurrentLink(name, tag));
  return link !== undefined && link.changedMs < before.sinceMs - settledMs;
}

async function listNames(listings: Listings, name: RepositoryName): Promise<KnownNames> {
  const names: Tag[] = [];
  for await (const { tag } of listTagLinks(listings, name)) names.push(tag);
  // The end of a key sorts differently from the end of a name.
  return { changedMs: undefined, sinceMs: 0, names: (await sortInTurns(names)) as Tag[], tags: new Set(names) };
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
