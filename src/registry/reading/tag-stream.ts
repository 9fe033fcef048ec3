// All tags of a repository, one after the other, for who wants every one of them: in memory are their names, and one image.
import { compareNaturally } from "../../lib/natural-order.ts";
import { sortByInTurns } from "../../lib/sorted.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import { readUpstream } from "../cached.ts";
import { tagsPrefix } from "../layout.ts";
import type { Store } from "../store.ts";
import { readUnfinished } from "../tags.ts";
import { describeTag, type TagFacts } from "./tag-listing.ts";
import { type PointedTag, readPointedTag } from "./tag-table.ts";

/** A tag with its image. */
export type StreamedTag = Omit<TagFacts, "aliases" | "aliasCount" | "isImmutable">;

/** The names of the tags that fit, in natural order; what is none any more may be among them. */
async function listTagNames(
  store: Store,
  name: RepositoryName,
  matches: (tag: Tag) => boolean,
): Promise<readonly Tag[]> {
  const tags: Tag[] = [];
  for await (const text of await store.objects.names(tagsPrefix(name))) {
    const tag = parseTag(text);
    if (tag !== undefined && matches(tag)) tags.push(tag);
  }
  return await sortByInTurns(tags, compareNaturally);
}

/** The tags that fit, in natural order. Read without a lock: what changes meanwhile may be told or not. */
export async function* streamPointedTags(
  store: Store,
  name: RepositoryName,
  matches: (tag: Tag) => boolean,
): AsyncGenerator<PointedTag> {
  // Tags of a manifest whose deletion was interrupted are no tags.
  const deleted = await readUnfinished(store, name);
  for (const tag of await listTagNames(store, name, matches)) {
    const pointed = await readPointedTag(store, name, tag);
    if (pointed !== undefined && pointed.digest !== deleted) yield pointed;
  }
}

/** The same with their images. */
export async function* streamTags(
  store: Store,
  name: RepositoryName,
  matches: (tag: Tag) => boolean,
): AsyncGenerator<StreamedTag> {
  const isCached = (await readUpstream(store, name)) !== undefined;
  for await (const pointed of streamPointedTags(store, name, matches)) {
    yield { ...pointed, ...(await describeTag(store, name, { pointed, isCached })) };
  }
}
