// Finding the bytes of a digest: in their place or in the trash, and only those that nobody knows to be damaged.
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { hashBytes } from "../oci/hash.ts";
import type { Key, Stat } from "../storage/ports.ts";
import { isSameContent } from "./aliases.ts";
import { blobKey, blobTrashName } from "./layout.ts";
import { followLink } from "./links.ts";
import type { Store } from "./store.ts";

const maxRounds = 3;

/** What lies in the blob's place; undefined where nothing does, or what a check has found damaged. */
export async function statBlob(store: Store, digest: Digest): Promise<Stat | undefined> {
  return ifWhole(await store.objects.stat(blobKey(digest)), digest);
}

/**
 * Finds the bytes of a digest, for who has just seen or written a link to it, and brings them back from the trash if
 * they lie there. Undefined: they are nowhere, or damaged.
 */
export async function findBlob(store: Store, digest: Digest): Promise<Stat | undefined> {
  for (let round = 1; round <= maxRounds; round += 1) {
    const stat = await store.objects.stat(blobKey(digest));
    if (stat !== undefined) return ifWhole(stat, digest);
    if (await store.trash.restore(blobTrashName(digest), blobKey(digest))) store.noteRestored?.(digest);
  }
  return statBlob(store, digest);
}

/**
 * Damaged bytes are as good as absent, until a push heals them: those that a check has marked, and files without bytes,
 * which a crash of a registry leaves that does not sync.
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

/** Link first, then look: the bytes of a digest, as its link says; undefined where the link or the bytes are missing. */
export async function followToBlob(store: Store, link: Key, digest: Digest): Promise<LinkedBlob | undefined> {
  const target = await followLink(store, link, digest);
  const stat = target === undefined ? undefined : await findBlob(store, target);
  if (target === undefined || stat === undefined) return undefined;
  return (await isSameContent(store, { digest, target, stat })) ? { target, stat } : undefined;
}
