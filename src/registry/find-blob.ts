// Links and the bytes that they hold. Link first, then look: whoever writes or sees a link looks for its bytes after
// that, in their place or in the trash, and accepts only those that are not known to be damaged.
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { hashBytes } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Key, Stat } from "../storage/ports.ts";
import { isSameContent } from "./aliases.ts";
import { blobKey } from "./layout.ts";
import { followLink, putLink } from "./links.ts";
import { removeIfEmpty } from "./repositories.ts";
import { type Store, withLock } from "./store.ts";

/** What is in the blob's place; undefined if that is nothing, or damaged. */
export async function statBlob(store: Store, digest: Digest): Promise<Stat | undefined> {
  return ifWhole(await store.objects.stat(blobKey(digest)), digest);
}

/** What a link that was written leads to. */
export interface AddedLink {
  /** Undefined if the bytes are nowhere, or damaged. */
  readonly stat: Stat | undefined;
  /** Whether there was no such link before. */
  readonly isNew: boolean;
}

/** A link, and the digest whose bytes it leads to. */
export interface BlobLink {
  readonly link: Key;
  readonly target: Digest;
}

/**
 * Writes or renews a link, then looks for its bytes. For a caller that holds the repository's lock shared: nothing may be
 * acknowledged before.
 */
export async function linkBlob(store: Store, link: Key, target: Digest): Promise<AddedLink> {
  const isNew = await putLink(store, link, target);
  return { isNew, stat: await findBlob(store, target) };
}

/**
 * Takes back a new link whose push failed, if its bytes are nowhere: left behind, it would look like lost data. Under the
 * exclusive lock: whoever was told of the bytes meanwhile has some to be found.
 */
export async function withdrawLink(store: Store, name: RepositoryName, { link, target }: BlobLink): Promise<void> {
  const isNeeded = async () =>
    (await store.objects.stat(link)) === undefined || (await findBlob(store, target)) !== undefined;
  try {
    if (await isNeeded()) return;
    await withLock(store, name, "alone", async () => {
      if (await isNeeded()) return;
      await store.objects.delete(link);
      await removeIfEmpty(store, name);
    });
  } catch {
    // The client hears of the first failure; what is left here is found by a check.
  }
}

/**
 * Finds the bytes of a digest, for a caller that has just seen or written a link to it, and brings them back if that can be
 * done. Undefined if they are nowhere, or damaged.
 */
export async function findBlob(store: Store, digest: Digest): Promise<Stat | undefined> {
  const restored = () => store.noteRestored?.(digest);
  return ifWhole(await store.changes.recover(blobKey(digest), { restored }), digest);
}

/**
 * Damaged bytes count as absent until a push replaces them: those that a check has marked, and empty files, which the
 * crash of a registry that does not sync leaves behind.
 */
function ifWhole(stat: Stat | undefined, digest: Digest): Stat | undefined {
  if (stat === undefined || stat.isDamaged) return undefined;
  const isEmptied = stat.sizeBytes === 0 && digest !== hashBytes(new Uint8Array(), digestAlgorithm(digest));
  return isEmptied ? undefined : stat;
}

/** The bytes that a link leads to. */
export interface LinkedBlob {
  /** Where they lie. */
  readonly target: Digest;
  readonly stat: Stat;
}

/** The bytes of a digest, where its link says; undefined if the link or the bytes are missing. */
export async function followToBlob(store: Store, link: Key, digest: Digest): Promise<LinkedBlob | undefined> {
  const target = await followLink(store, link, digest);
  const stat = target === undefined ? undefined : await findBlob(store, target);
  if (target === undefined || stat === undefined) return undefined;
  return (await isSameContent(store, { digest, target, stat })) ? { target, stat } : undefined;
}
