// Tags of a repository: names for manifests. A tag points to a stored manifest; it changes by one atomic replacement.
import { inTurns } from "../lib/pacer.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import type { Adding, Removing } from "../storage/changes.ts";
import type { Stat } from "../storage/ports.ts";
import { deletingKey, revisionLink, tagCurrentLink, tagIndexLink, tagIndexPrefix, tagPrefix } from "./layout.ts";
import { dueLink, listDigests, readLink } from "./links.ts";
import { noteMove, type TagPointer } from "./move-log.ts";
import { isRepository, type Page, type PageRequest } from "./repositories.ts";
import { refuseBusy, type Store } from "./store.ts";
import { indexAfter, isStillTag, TagNames } from "./tag-names.ts";

/** How often a move is retried when others move the same tag at the same moment. */
const maxRounds = 10;

/** The digest that the tag points to. */
export async function readTag(store: Store, name: RepositoryName, tag: Tag): Promise<Digest | undefined> {
  return readLink(store, tagCurrentLink(name, tag));
}

/**
 * Whether there is such a tag. Another registry's tag directory without `current` is not one, nor is an empty link if that is
 * what removed tags leave.
 */
export async function isTag(store: Store, name: RepositoryName, tag: Tag): Promise<boolean> {
  const stat = await store.objects.stat(tagCurrentLink(name, tag));
  return stat !== undefined && (stat.sizeBytes > 0 || store.changes.isExclusive);
}

/** A page of tags in byte order; refuses with NAME_UNKNOWN if there is no such repository. */
export async function listTags(
  store: Store,
  name: RepositoryName,
  { limit, after, tagNames = new TagNames(store) }: PageRequest & { readonly tagNames?: TagNames },
): Promise<Page<Tag>> {
  const isListed = store.listings !== undefined;
  if (!isListed) await requireRepository(store, name);
  const deleted = await readUnfinished(store, name);
  const { names, tags, before } = await tagNames.of(name);
  if (isListed && names.length === 0) await requireRepository(store, name);
  const start = indexAfter(names, after);
  // All of them are known to be tags: the page is a piece of the list.
  if (deleted === undefined && tags.size === names.length) {
    return { items: names.slice(start, start + limit), hasMore: start + limit < names.length };
  }
  const items: Tag[] = [];
  for await (const tag of inTurns(names.slice(start))) {
    if (deleted !== undefined || !tags.has(tag)) {
      // A damaged or deleted tag, or a directory without `current`, is not shown here, nor found by name.
      if (deleted !== undefined || !(await isStillTag(store, name, { tag, before }))) {
        const digest = await readTag(store, name, tag);
        if (digest === undefined || digest === deleted) continue;
      }
      tags.add(tag);
    }
    if (items.length === limit) return { items, hasMore: true };
    items.push(tag);
  }
  return { items, hasMore: false };
}

async function requireRepository(store: Store, name: RepositoryName): Promise<void> {
  if (!(await isRepository(store, name))) throw new RegistryError("NAME_UNKNOWN", { detail: { name } });
}

/** The manifest that was, or is being, deleted and whose tags may still exist. */
export async function readUnfinished(store: Store, name: RepositoryName): Promise<Digest | undefined> {
  const digest = store.changes.isExclusive ? await readLink(store, deletingKey(name)) : undefined;
  if (digest === undefined) return undefined;
  return (await store.objects.stat(revisionLink(name, digest))) === undefined ? digest : undefined;
}

/** Everything that the tag has ever pointed to, as its index says. */
export function listTagIndex(store: Store, name: RepositoryName, tag: Tag): AsyncGenerator<Digest> {
  return listDigests(store, tagIndexPrefix(name, tag));
}

/** What a tag points to now, and what it pointed to before. */
export interface MovedTag {
  readonly tag: Tag;
  /** Undefined for a new tag. */
  readonly previous: Digest | undefined;
}

/** How a tag is moved. */
export interface TagMove extends TagPointer {
  readonly adding: Adding;
  /** Move it only if this is its current state. */
  readonly condition?: { readonly expected: Stat | undefined } | undefined;
}

/** Points the tag to a manifest of the repository. The last write commits. */
export async function moveTag(store: Store, name: RepositoryName, move: TagMove): Promise<MovedTag> {
  const { adding, tag, digest, condition } = move;
  if (!store.changes.isExclusive) return await moveTagBeside(store, name, move);
  const left = await readTag(store, name, tag);
  await renewLeft(store, name, { left, digest });
  // The Go registries' index, which no request of theirs reads, and the log for searches that have read all tags before.
  const [indexKey, bytes] = [tagIndexLink(name, tag, digest), new TextEncoder().encode(digest)];
  // A new tag has none, and where a push was killed it does no harm to write it again.
  const index = left === undefined ? [{ key: indexKey, bytes }] : await dueLink(store, indexKey, digest);
  await noteMove(store, name, { tag, digest });
  const current = { key: tagCurrentLink(name, tag), bytes };
  await store.objects.putAll(condition === undefined ? [...index, current] : index, { isDurable: false });
  if (condition !== undefined && !(await adding.replace(current.key, current.bytes, condition))) throw refuseBusy(name);
  return { tag, previous: left };
}

/** Others may move it meanwhile, so it is replaced only if it is still as it was seen. */
async function moveTagBeside(
  store: Store,
  name: RepositoryName,
  { adding, tag, digest, condition }: TagMove,
): Promise<MovedTag> {
  const [key, bytes] = [tagCurrentLink(name, tag), new TextEncoder().encode(digest)];
  for (let round = 1; round <= maxRounds; round += 1) {
    const [left, seen] = await Promise.all([readTag(store, name, tag), store.objects.stat(key)]);
    await renewLeft(store, name, { left, digest });
    if (await adding.replace(key, bytes, condition ?? { expected: seen })) return { tag, previous: left };
    if (condition !== undefined) break;
  }
  throw refuseBusy(name);
}

/** A pull of the manifest that the tag leaves may be under way: its grace begins now. */
async function renewLeft(
  store: Store,
  name: RepositoryName,
  { left, digest }: { readonly left: Digest | undefined; readonly digest: Digest },
): Promise<void> {
  if (left !== undefined && left !== digest) await store.objects.renew(revisionLink(name, left));
}

/** A tag that is to be removed. */
interface TagRemoval {
  readonly removing: Removing;
  readonly tag: Tag;
  /** Only if it points there. */
  readonly digest?: Digest;
}

/** Removes the tag in one durable step; false if there is none, or if it was moved meanwhile. */
export async function removeTag(
  store: Store,
  name: RepositoryName,
  { removing, tag, digest }: TagRemoval,
): Promise<boolean> {
  const key = tagCurrentLink(name, tag);
  const judged = await store.objects.stat(key);
  if (digest !== undefined && (await readTag(store, name, tag)) !== digest) return false;
  return await removing.discard(tagPrefix(name, tag), { key, judged });
}
