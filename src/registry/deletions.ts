// Deletions that clients ask for; the caller holds the repository's lock exclusively. What was deleted is noted: if a
// manifest still names it, that is not damage, and no repair restores it.
//
// A manifest is deleted together with every tag that points to it, by one decisive step: its link is removed. From then on
// those tags point to nothing. A process may die before it has removed them; a note made beforehand tells the next writer.
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import type { Key, LockMode } from "../storage/ports.ts";
import { deletedLink, deletingKey, revisionLink } from "./layout.ts";
import { type Store, withLock } from "./store.ts";
import { tagSearchOf } from "./tag-search.ts";
import { readUnfinished, trashTag } from "./tags.ts";

/** Removes the link of a blob or manifest, durably; false if there is none. */
export async function deleteLink(
  store: Store,
  name: RepositoryName,
  { link, digest }: { readonly link: Key; readonly digest: Digest },
): Promise<boolean> {
  if ((await store.objects.stat(link)) === undefined) return false;
  await store.objects.put(deletedLink(name, digest), new TextEncoder().encode(digest));
  return await store.objects.delete(link);
}

/** Whether a client deleted it; for a caller that has found no link to it. */
export async function isDeleted(store: Store, name: RepositoryName, digest: Digest): Promise<boolean> {
  return (await store.objects.stat(deletedLink(name, digest))) !== undefined;
}

/**
 * Removes a manifest and all its tags; returns those, or undefined if there is no such manifest. `check` may throw
 * because of a tag: then nothing is removed.
 */
export async function deleteRevision(
  store: Store,
  name: RepositoryName,
  { digest, check }: { readonly digest: Digest; readonly check: (tags: readonly Tag[]) => void },
): Promise<readonly Tag[] | undefined> {
  const link = revisionLink(name, digest);
  // The link's name counts here, not its content: a damaged one must be deletable.
  if ((await store.objects.stat(link)) === undefined) return undefined;
  const tags = await tagSearchOf(store).find(name, digest);
  check(tags);
  if (tags.length === 0) return (await deleteLink(store, name, { link, digest })) ? tags : undefined;
  await store.objects.put(deletingKey(name), new TextEncoder().encode(digest));
  const isGone = await deleteLink(store, name, { link, digest });
  for (const tag of tags) await trashTag(store, name, tag);
  await store.objects.delete(deletingKey(name));
  return isGone ? tags : undefined;
}

/** Finishes a deletion that died or failed after its decisive step; forgets one that did not get that far. */
export async function finishDeletion(store: Store, name: RepositoryName): Promise<void> {
  if ((await store.objects.stat(deletingKey(name))) === undefined) return;
  const digest = await readUnfinished(store, name);
  for (const tag of digest === undefined ? [] : await tagSearchOf(store).find(name, digest))
    await trashTag(store, name, tag);
  await store.objects.delete(deletingKey(name));
}

const maxRounds = 3;

/**
 * Runs the work under the repository's lock, shared if that will do, after finishing any interrupted deletion: its tags
 * must not return with their manifest.
 */
export async function withNothingUnfinished<T>(
  store: Store,
  name: RepositoryName,
  { mode, work }: { readonly mode: LockMode; readonly work: () => Promise<T> },
): Promise<T> {
  for (let round = 1; mode === "shared" && round < maxRounds; round += 1) {
    const outcome = await withLock(store, name, "shared", async () => {
      if ((await store.objects.stat(deletingKey(name))) !== undefined) return undefined;
      return { result: await work() };
    });
    if (outcome !== undefined) return outcome.result;
    await withLock(store, name, "alone", () => finishDeletion(store, name));
  }
  return await withLock(store, name, "alone", async () => {
    await finishDeletion(store, name);
    return await work();
  });
}
