// The tags of a repository page by page: sorted, filtered, each with its image and the other tags of the same image.
import { compareNaturally } from "../../lib/natural-order.ts";
import { stepAside } from "../../lib/pacer.ts";
import { sortByInTurns } from "../../lib/sorted.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import { readUpstream } from "../cached.ts";
import { type IsImmutable, noneImmutable } from "../immutable-tags.ts";
import { isRevision } from "../manifests.ts";
import { readPulledMs } from "../pulls.ts";
import type { Store } from "../store.ts";
import { readPlatforms, readWholeImage, type WholeImage } from "./image-size.ts";
import { type PointedTag, readPointedTag, type TagTable } from "./tag-table.ts";
import { explainUnreadable } from "./unreadable.ts";

/** By what tags can be sorted. */
export const tagOrders = ["name", "pushed", "size"] as const;

/** Names in natural order, or by what is largest or latest; names decide where that is equal. */
export type TagOrder = (typeof tagOrders)[number];

/** A place in a sorted listing: the tag, and the value that it was sorted by; 0 where that is its name. */
export interface TagPlace {
  readonly tag: Tag;
  readonly value: number;
}

/** Which tags are wanted, and how. */
export interface TagRequest {
  readonly limit: number;
  /** Those after this place. */
  readonly after: TagPlace | undefined;
  readonly order: TagOrder;
  readonly isDescending: boolean;
  readonly matches?: ((tag: Tag) => boolean) | undefined;
  /** Only tags of this manifest. */
  readonly digest?: Digest | undefined;
  /** Requests of the same question may share an answer; absent: with nobody. */
  readonly question?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A tag with what is known of its image. */
export interface TagFacts extends PointedTag {
  /** Undefined where its manifest is missing or damaged. */
  readonly image: WholeImage | undefined;
  /** Such as "linux/arm/v7"; not all of many. */
  readonly platforms: readonly string[];
  /** To the hour; undefined where no pull is recorded. */
  readonly pulledMs: number | undefined;
  /** Other tags of the same manifest, in natural order; not all of many. */
  readonly aliases: readonly Tag[];
  readonly aliasCount: number;
  readonly isImmutable: boolean;
  /** A sentence about what is wrong with it. */
  readonly problem: string | undefined;
}

/** A page of tags. */
export interface TagPage {
  readonly items: readonly TagFacts[];
  /** How many tags the repository has. */
  readonly total: number;
  /** How many of them fit the request. */
  readonly matching: number;
  /** The place of the last item, where more come after it. */
  readonly next: TagPlace | undefined;
  /** The registry that the repository is a cache of. */
  readonly upstream: string | undefined;
  /** Sentences about tags that cannot be read; not all of many. */
  readonly problems: readonly string[];
}

/** What a listing is made from. */
export interface TagListingDependencies {
  readonly isImmutable?: IsImmutable | undefined;
  readonly table: TagTable;
}

const maxAliases = 20;

/** The page. What a tag points to is read again for each tag of the page; one that is gone since the table was read is left out. */
export async function listTagPage(
  store: Store,
  name: RepositoryName,
  { table, isImmutable = noneImmutable, ...request }: TagRequest & TagListingDependencies,
): Promise<TagPage> {
  const { tags, problems } = table;
  const fitting = await selectFitting(tags, request);
  const page = await selectPage(await placed(store, name, { fitting, request }), request);
  const shown = new Set(page.items.map(({ digest }) => digest));
  const byDigest = await groupTags(tags, { shown, request });
  const items: TagFacts[] = [];
  const upstream = await readUpstream(store, name);
  for (const { tag } of page.items) {
    await step(request);
    const now = await readPointedTag(store, name, tag);
    if (now === undefined) continue;
    const sameImage = byDigest.get(now.digest) ?? [tag];
    items.push({
      ...now,
      ...(await describeTag(store, name, { pointed: now, isCached: upstream !== undefined })),
      aliases: sameImage
        .slice(0, maxAliases + 1)
        .filter((other) => other !== tag)
        .slice(0, maxAliases),
      aliasCount: sameImage.length - 1,
      isImmutable: isImmutable(name, tag),
    });
  }
  return { items, total: tags.length, matching: fitting.length, next: page.next, upstream, problems };
}

async function selectFitting(tags: readonly PointedTag[], request: TagRequest): Promise<readonly PointedTag[]> {
  const fitting: PointedTag[] = [];
  for (const [index, each] of tags.entries()) {
    if (index % slice === 0) await step(request);
    if (request.digest !== undefined && each.digest !== request.digest) continue;
    if (request.matches?.(each.tag) !== false) fitting.push(each);
  }
  return fitting;
}

/** As many as take a moment, whatever glob a stranger has written. */
const slice = 50;

async function step({ signal }: Pick<TagRequest, "signal">): Promise<void> {
  signal?.throwIfAborted();
  await stepAside();
}

interface PlacedTag extends PointedTag {
  readonly value: number;
}

/** What each is sorted by. */
async function placed(
  store: Store,
  name: RepositoryName,
  { fitting, request }: { readonly fitting: readonly PointedTag[]; readonly request: TagRequest },
): Promise<readonly PlacedTag[]> {
  const sizes = new Map<Digest, number>();
  const found: PlacedTag[] = [];
  for (const [index, each] of fitting.entries()) {
    if (index % slice === 0) await step(request);
    if (request.order === "size" && !sizes.has(each.digest)) {
      request.signal?.throwIfAborted();
      const image = await readWholeImage(store, name, each.digest).catch(() => undefined);
      sizes.set(each.digest, image?.sizeBytes ?? 0);
    }
    const value = { name: 0, pushed: each.pushedMs, size: sizes.get(each.digest) ?? 0 }[request.order];
    found.push({ ...each, value });
  }
  return found;
}

/** Sorts only what comes after the last page: a page is as quick at the end of a long listing as at its beginning. */
async function selectPage(
  tags: readonly PlacedTag[],
  { after, limit, isDescending, signal }: TagRequest,
): Promise<{ readonly items: readonly PlacedTag[]; readonly next: TagPlace | undefined }> {
  const compare = (one: TagPlace, other: TagPlace) => {
    const difference = one.value - other.value || compareNaturally(one.tag, other.tag);
    return isDescending ? -difference : difference;
  };
  const rest: PlacedTag[] = [];
  for (const [index, each] of tags.entries()) {
    if (index % slice === 0) await step({ signal });
    if (after === undefined || compare(each, after) > 0) rest.push(each);
  }
  const items = (await sortByInTurns(rest, compare)).slice(0, limit);
  const last = items.at(-1);
  const next = rest.length > items.length && last !== undefined ? { tag: last.tag, value: last.value } : undefined;
  return { items, next };
}

/** The tags of the manifests that are shown, in natural order. */
async function groupTags(
  table: readonly PointedTag[],
  { shown, request }: { readonly shown: ReadonlySet<Digest>; readonly request: TagRequest },
): Promise<ReadonlyMap<Digest, readonly Tag[]>> {
  const groups = new Map<Digest, Tag[]>();
  for (const [index, { digest, tag }] of table.entries()) {
    if (index % slice === 0) await step(request);
    if (!shown.has(digest)) continue;
    const group = groups.get(digest);
    if (group === undefined) groups.set(digest, [tag]);
    else group.push(tag);
  }
  for (const [digest, tags] of groups) groups.set(digest, await sortByInTurns(tags, compareNaturally));
  return groups;
}

/** What is known of a tag's image. One damaged image must not hide the others. */
export async function describeTag(
  store: Store,
  name: RepositoryName,
  { pointed, isCached }: { readonly pointed: PointedTag; readonly isCached: boolean },
): Promise<Pick<TagFacts, "image" | "platforms" | "pulledMs" | "problem">> {
  const { tag, digest } = pointed;
  const nothing = { image: undefined, platforms: [], pulledMs: undefined };
  try {
    const pulledMs = await readPulledMs(store, name, tag);
    if (!(await isRevision(store, name, digest))) {
      return { ...nothing, pulledMs, problem: "the repository does not hold its manifest" };
    }
    const image = await readWholeImage(store, name, digest);
    if (image === undefined) return { ...nothing, pulledMs, problem: "its manifest is missing or damaged" };
    // A cache fetches them when somebody asks.
    const isPartial = image.missing > 0 && !isCached;
    const problem = isPartial ? `${image.missing} of its manifests are not in the repository` : undefined;
    return { image, platforms: await readPlatforms(store, name, image.facts), pulledMs, problem };
  } catch (error) {
    return { ...nothing, problem: `it ${explainUnreadable(error)}` };
  }
}
