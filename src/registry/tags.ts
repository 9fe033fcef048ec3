// Tags of a repository: names for manifests. A tag points to a stored manifest; it changes by one atomic replacement.
import { inTurns } from "../lib/pacer.ts";
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import {
  deletingKey,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
  tagIndexPrefix,
  tagPrefix,
  trashName,
} from "./layout.ts";
import { listDigests, putLink, readLink } from "./links.ts";
import { noteMove, type TagPointer } from "./move-log.ts";
import { isRepository, type Page, type PageRequest } from "./repositories.ts";
import type { Store } from "./store.ts";
import { indexAfter, TagNames } from "./tag-names.ts";

/** The digest that the tag points to. */
export async function readTag(store: Store, name: RepositoryName, tag: Tag): Promise<Digest | undefined> {
  return readLink(store, tagCurrentLink(name, tag));
}

/** Whether there is such a tag. Another registry's tag directory without `current` is not one. */
export async function isTag(store: Store, name: RepositoryName, tag: Tag): Promise<boolean> {
  return (await store.objects.stat(tagCurrentLink(name, tag))) !== undefined;
}

/** A page of tags in byte order; refuses with NAME_UNKNOWN if there is no such repository. */
export async function listTags(
  store: Store,
  name: RepositoryName,
  { limit, after, tagNames = new TagNames(store) }: PageRequest & { readonly tagNames?: TagNames },
): Promise<Page<Tag>> {
  if (!(await isRepository(store, name))) throw new RegistryError("NAME_UNKNOWN", { detail: { name } });
  const deleted = await readUnfinished(store, name);
  const { names, tags } = await tagNames.of(name);
  const items: Tag[] = [];
  for await (const tag of inTurns(names.slice(indexAfter(names, after)))) {
    if (deleted !== undefined || !tags.has(tag)) {
      // One that is damaged, deleted, or a directory without `current`, is shown neither here nor by name.
      const digest = await readTag(store, name, tag);
      if (digest === undefined || digest === deleted) continue;
      tags.add(tag);
    }
    if (items.length === limit) return { items, hasMore: true };
    items.push(tag);
  }
  return { items, hasMore: false };
}

/** The manifest that was deleted and whose tags may still be there, also while it is being deleted. */
export async function readUnfinished(store: Store, name: RepositoryName): Promise<Digest | undefined> {
  const digest = await readLink(store, deletingKey(name));
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

/** Points the tag to a manifest of the repository, under the repository's lock held shared. The last write commits. */
export async function moveTag(store: Store, name: RepositoryName, { tag, digest }: TagPointer): Promise<MovedTag> {
  const left = await readTag(store, name, tag);
  // A pull of the manifest that the tag leaves may be under way: its grace begins now.
  if (left !== undefined && left !== digest) await store.objects.renew(revisionLink(name, left));
  await putLink(store, tagIndexLink(name, tag, digest), digest);
  await noteMove(store, name, { tag, digest });
  await store.objects.put(tagCurrentLink(name, tag), new TextEncoder().encode(digest));
  return { tag, previous: left };
}

/** Removes the tag in one durable step; the caller holds the repository's lock exclusively. */
export async function trashTag(store: Store, name: RepositoryName, tag: Tag): Promise<void> {
  const entry = trashName("tags", store.uuid());
  if (await store.trash.discard(tagPrefix(name, tag), entry)) await store.trash.destroy(entry);
}
