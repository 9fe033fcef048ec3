// Deletions that clients ask for. What was deleted is noted: if a manifest still names it, that is not damage, and no repair
// restores it.
//
// A manifest is deleted together with every tag that points to it, by one decisive step: its link is removed. From then on
// those tags point to nothing. A process may die before it has removed them; a note made beforehand tells the next writer.
// If others push meanwhile, the tags go first, one after the other: who dies then leaves a manifest with fewer tags.
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import type { Adding, Removing } from "../storage/changes.ts";
import type { Key } from "../storage/ports.ts";
import { deletedLink, deletingKey, revisionLink } from "./layout.ts";
import { refuseBusy, type Store, withAdding, withRemoving } from "./store.ts";
import { tagSearchOf } from "./tag-search.ts";
import { readUnfinished, removeTag } from "./tags.ts";

/** A link that is to be removed, and how. */
interface LinkDeletion {
  readonly link: Key;
  readonly digest: Digest;
  readonly take: () => Promise<boolean>;
}

/** Removes the link of a blob or manifest, durably; false if there is none. */
export async function deleteLink(
  store: Store,
  name: RepositoryName,
  { link, digest, take }: LinkDeletion,
): Promise<boolean> {
  if ((await store.objects.stat(link)) === undefined) return false;
  await store.objects.put(deletedLink(name, digest), new TextEncoder().encode(digest));
  return await take();
}

/** Whether a client deleted it; for a caller that has found no link to it. */
export async function isDeleted(store: Store, name: RepositoryName, digest: Digest): Promise<boolean> {
  return (await store.objects.stat(deletedLink(name, digest))) !== undefined;
}

/** A manifest that is to be removed. */
interface RevisionDeletion {
  /** Announces its link. */
  readonly removing: Removing;
  readonly digest: Digest;
}

/**
 * Removes a manifest and all its tags; returns those, or undefined if there is no such manifest. `check` may throw
 * because of a tag: then nothing is removed.
 */
export async function deleteRevision(
  store: Store,
  name: RepositoryName,
  { check, ...deletion }: RevisionDeletion & { readonly check: (tags: readonly Tag[]) => void },
): Promise<readonly Tag[] | undefined> {
  // The link's name counts here, not its content: a damaged one must be deletable.
  if ((await store.objects.stat(revisionLink(name, deletion.digest))) === undefined) return undefined;
  const tags = await tagSearchOf(store).find(name, deletion.digest);
  check(tags);
  const take = store.changes.isExclusive ? takeWithTags : takeAfterTags;
  return (await take(store, name, { ...deletion, tags })) ? tags : undefined;
}

type TaggedDeletion = RevisionDeletion & { readonly tags: readonly Tag[] };

/** Nobody tags it meanwhile, so its link decides, and what is left of its tags means nothing. */
async function takeWithTags(store: Store, name: RepositoryName, deletion: TaggedDeletion): Promise<boolean> {
  const { removing, digest, tags } = deletion;
  if (tags.length > 0) await store.objects.put(deletingKey(name), new TextEncoder().encode(digest));
  const isGone = await takeRevision(store, name, deletion);
  for (const tag of tags) await removeTag(store, name, { removing, tag });
  if (tags.length > 0) await store.objects.delete(deletingKey(name));
  return isGone;
}

/** Others tag meanwhile: a tag that they have moved on stays, and one that they move here finds the manifest announced. */
async function takeAfterTags(store: Store, name: RepositoryName, deletion: TaggedDeletion): Promise<boolean> {
  const { removing, digest, tags } = deletion;
  for (const tag of tags) await removeTag(store, name, { removing, tag, digest });
  return await takeRevision(store, name, deletion);
}

async function takeRevision(
  store: Store,
  name: RepositoryName,
  { removing, digest }: RevisionDeletion,
): Promise<boolean> {
  const link = revisionLink(name, digest);
  return await deleteLink(store, name, { link, digest, take: () => removing.delete(link) });
}

/**
 * Finishes a deletion that died or failed after its decisive step; forgets one that did not get that far. There is none where
 * the tags go first.
 */
export async function finishDeletion(store: Store, name: RepositoryName, removing: Removing): Promise<void> {
  if (!(await isUnfinished(store, name))) return;
  const digest = await readUnfinished(store, name);
  for (const tag of digest === undefined ? [] : await tagSearchOf(store).find(name, digest))
    await removeTag(store, name, { removing, tag });
  await removing.drop(deletingKey(name));
}

async function isUnfinished(store: Store, name: RepositoryName): Promise<boolean> {
  return store.changes.isExclusive && (await store.objects.stat(deletingKey(name))) !== undefined;
}

const maxRounds = 3;

/** Adds to a repository after finishing any interrupted deletion: its tags must not return with their manifest. */
export async function withNothingUnfinished<T>(
  store: Store,
  name: RepositoryName,
  { work, ...options }: { readonly work: (adding: Adding) => Promise<T>; readonly isConditional: boolean },
): Promise<T> {
  for (let round = 1; round <= maxRounds; round += 1) {
    const tried = async (adding: Adding) =>
      (await isUnfinished(store, name)) ? undefined : { result: await work(adding) };
    const outcome = await withAdding(store, name, tried, options);
    if (outcome !== undefined) return outcome.result;
    await withRemoving(store, name, [], (removing) => finishDeletion(store, name, removing));
  }
  throw refuseBusy(name);
}
