// All tags of a repository with what they point to, read without a lock. A reading of a hundred thousand links takes
// seconds, so what a link said is remembered together with what `stat` says of it, which is looked up each time.
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import type { Key, Objects, Stat } from "../../storage/ports.ts";
import { tagCurrentLink, tagsPrefix } from "../layout.ts";
import { readLink } from "../links.ts";
import type { Store } from "../store.ts";
import { readUnfinished } from "../tags.ts";
import { explainUnreadable } from "./unreadable.ts";

/** What a tag points to, and since when. */
export interface PointedTag {
  readonly tag: Tag;
  readonly digest: Digest;
  /** When its link was last written, in milliseconds since 1970: pushed, or confirmed by an upstream. */
  readonly pushedMs: number;
}

interface RememberedLink {
  readonly state: string;
  readonly digest: Digest;
}

const maxRemembered = 150_000;
/** A link that is written twice within one step of the filesystem's clock may look the same. */
const settledMs = 2000;

const memories = new WeakMap<Objects, BoundedMap<Key, RememberedLink>>();

/** All tags of a repository, in no order. */
export interface TagTable {
  readonly tags: readonly PointedTag[];
  /** Sentences about tags that the disk does not give back; not all of many. */
  readonly problems: readonly string[];
}

const maxProblems = 20;

/** Every tag. One that is empty or malformed is no tag here, as in the other listings. */
export async function readTagTable(store: Store, name: RepositoryName, signal?: AbortSignal): Promise<TagTable> {
  const deleted = await readUnfinished(store, name);
  const tags: PointedTag[] = [];
  const problems: string[] = [];
  for await (const text of await store.objects.names(tagsPrefix(name))) {
    signal?.throwIfAborted();
    const tag = parseTag(text);
    if (tag === undefined) continue;
    try {
      const found = await readPointedTag(store, name, tag);
      if (found !== undefined && found.digest !== deleted) tags.push(found);
    } catch (error) {
      if (problems.length < maxProblems) problems.push(`the tag ${tag} ${explainUnreadable(error)}`);
    }
  }
  return { tags, problems };
}

/** One tag as it is now; undefined where there is no such tag. */
export async function readPointedTag(store: Store, name: RepositoryName, tag: Tag): Promise<PointedTag | undefined> {
  const key = tagCurrentLink(name, tag);
  const stat = await store.objects.stat(key);
  if (stat === undefined) return undefined;
  const digest = await readSettled(store, key, stat);
  return digest === undefined ? undefined : { tag, digest, pushedMs: stat.modifiedMs };
}

async function readSettled(store: Store, key: Key, stat: Stat): Promise<Digest | undefined> {
  const memory = memories.get(store.objects) ?? new BoundedMap<Key, RememberedLink>(maxRemembered);
  memories.set(store.objects, memory);
  const state = `${stat.identity} ${stat.sizeBytes} ${stat.modifiedMs} ${stat.changedMs}`;
  const known = memory.get(key);
  if (known?.state === state) return known.digest;
  const digest = await readLink(store, key);
  if (digest === undefined || store.now() - stat.changedMs < settledMs) memory.delete(key);
  else memory.set(key, { state, digest });
  return digest;
}
