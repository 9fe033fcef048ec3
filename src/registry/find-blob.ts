// Links and the bytes that they hold. Link first, then look: after writing or seeing a link, look for its bytes, in place or
// in the trash, and accept only bytes that are not known to be damaged.
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { hashBytes } from "../oci/hash.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Adding, Found, PatienceOptions } from "../storage/changes.ts";
import type { Key, Stat } from "../storage/ports.ts";
import { isSameContent } from "./aliases.ts";
import { blobKey } from "./layout.ts";
import { followLink, putLink } from "./links.ts";
import { removeIfEmpty } from "./repositories.ts";
import { type Store, withRemoving } from "./store.ts";

/** How long a push waits for what may still be removed. */
export const noticeWaitMs = 10_000;

/** The bytes in the blob's place; undefined if they are missing or damaged. */
export async function statBlob(store: Store, digest: Digest): Promise<Stat | undefined> {
  return ifWhole(await store.objects.stat(blobKey(digest)), digest);
}

/** Whether the blob is there with the size that it should have, if that is known. */
export async function isBlobThere(
  store: Store,
  { digest, expectedBytes }: { readonly digest: Digest; readonly expectedBytes: number | undefined },
): Promise<boolean> {
  const stat = await statBlob(store, digest);
  return stat !== undefined && (expectedBytes === undefined || stat.sizeBytes === expectedBytes);
}

/** What a link that was written leads to. */
export interface AddedLink {
  /** Undefined if the bytes are nowhere, or damaged; "noticed" if the link or the bytes may still go. */
  readonly stat: Found;
  /** Whether there was no such link before. */
  readonly isNew: boolean;
}

/** A link, and the digest whose bytes it leads to. */
export interface BlobLink {
  readonly link: Key;
  readonly target: Digest;
}

/** Writes or renews a link, then looks whether it stays, and for its bytes: nothing may be acknowledged before. */
export async function linkBlob(
  store: Store,
  adding: Adding,
  { link, target, ...patience }: BlobLink & PatienceOptions,
): Promise<AddedLink> {
  const isNew = await putLink(store, link, { adding, digest: target });
  return { isNew, stat: await findLinkedBlob(store, adding, { link, target, ...patience }) };
}

/** The bytes of a link that was just written or renewed; see `AddedLink`. */
export async function findLinkedBlob(
  store: Store,
  adding: Adding,
  { link, target, ...patience }: BlobLink & PatienceOptions,
): Promise<Found> {
  // The link stays for as long as it is held.
  if (store.changes.isExclusive) return await findBlob(store, target);
  // In parallel: neither depends on the other.
  const [isStanding, [found]] = await Promise.all([
    adding.stands([link], patience),
    findBlobs(store, adding, { digests: [target], ...patience }),
  ]);
  return isStanding || found === undefined ? found : "noticed";
}

/** What is there of contents that were just linked, in the order asked. */
export async function findBlobs(
  store: Store,
  adding: Adding,
  { digests, ...patience }: PatienceOptions & { readonly digests: readonly Digest[] },
): Promise<readonly Found[]> {
  const restored = (content: Key) => {
    const digest = digests.find((each) => blobKey(each) === content);
    if (digest !== undefined) store.noteRestored?.(digest);
  };
  const found = await adding.find(digests.map(blobKey), { ...patience, restored });
  return digests.map((digest, index) => {
    const stat = found[index];
    return stat === "noticed" ? stat : ifWhole(stat, digest);
  });
}

/**
 * Removes a new link whose push failed, if its bytes are nowhere: left behind, it would look like lost data. If anybody was
 * told of the bytes meanwhile, they can be found.
 */
export async function withdrawLink(store: Store, name: RepositoryName, { link, target }: BlobLink): Promise<void> {
  const isNeeded = async () =>
    (await store.objects.stat(link)) === undefined || (await findBlob(store, target)) !== undefined;
  try {
    if (await isNeeded()) return;
    await withRemoving(store, name, [link], async (removing) => {
      if (await isNeeded()) return;
      await removing.delete(link);
      await removeIfEmpty(store, name);
    });
  } catch {
    // The client hears of the first failure; what is left here is found by a check.
  }
}

/**
 * Finds the bytes of a digest, for a caller that has just seen or written a link to it, and restores them if possible.
 * Undefined if they are nowhere, or damaged.
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
  // If each lookup is a request, only the usual place is tried.
  const [target, likely] = store.changes.isExclusive
    ? [await followLink(store, link, digest), undefined]
    : await Promise.all([followLink(store, link, digest), findBlob(store, digest)]);
  const isLikely = target === digest && likely !== undefined;
  const stat = target === undefined || isLikely ? likely : await findBlob(store, target);
  if (target === undefined || stat === undefined) return undefined;
  return (await isSameContent(store, { digest, target, stat })) ? { target, stat } : undefined;
}
