// All tags of a repository, one after the other, for who wants every one of them: in memory are their names, and one image.
import { mapAhead } from "../../lib/ahead.ts";
import { BoundedMap } from "../../lib/bounded-map.ts";
import { compareNaturally } from "../../lib/natural-order.ts";
import { sortByInTurns } from "../../lib/sorted.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import { readUpstream } from "../cached.ts";
import { tagsPrefix } from "../layout.ts";
import type { Store } from "../store.ts";
import { readUnfinished } from "../tags.ts";
import { describeTag, type TagFacts } from "./tag-listing.ts";
import { type PointedTag, readPointedTag } from "./tag-table.ts";

/** A tag with its image. */
export type StreamedTag = PointedTag & Pick<TagFacts, "image" | "platforms" | "problem">;

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
  const names = await listTagNames(store, name, matches);
  for await (const pointed of mapAhead(names, readsAtOnce, (tag) => readPointedTag(store, name, tag))) {
    if (pointed !== undefined && pointed.digest !== deleted) yield pointed;
  }
}

/** The same with their images. Many tags are often one image, which is looked at once. */
export async function* streamTags(
  store: Store,
  name: RepositoryName,
  matches: (tag: Tag) => boolean,
): AsyncGenerator<StreamedTag> {
  const isCached = (await readUpstream(store, name)) !== undefined;
  const images = new BoundedMap<Digest, Promise<DescribedTag>>(maxImages);
  const describe = async (pointed: PointedTag): Promise<StreamedTag> => {
    const { digest } = pointed;
    const described = images.get(digest) ?? describeTag(store, name, { pointed, isCached });
    images.set(digest, described);
    const { image, platforms, problem } = await described;
    return { ...pointed, image, platforms, problem };
  };
  yield* mapAhead(streamPointedTags(store, name, matches), readsAtOnce, describe);
}

/** A disk that is busy, or far away, answers several calls in the time of one. */
const readsAtOnce = 16;
const maxImages = 1000;
type DescribedTag = Awaited<ReturnType<typeof describeTag>>;
