import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import { formatReference, type Reference } from "../oci/reference.ts";
import { promiseLink } from "./blobs.ts";
import { findBlob } from "./find-blob.ts";
import { revisionLink } from "./layout.ts";
import { readLink } from "./links.ts";
import { type DescribedManifest, describeBytes, type ManifestFacts, readBytes } from "./manifest-memory.ts";
import type { Store } from "./store.ts";
import { readTag } from "./tags.ts";

/** A manifest that is stored. */
export interface StoredManifest extends DescribedManifest {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const maxRounds = 3;

/** The manifest that a reference names, with its bytes as they were pushed. Promises nothing about later. */
export async function getManifest(store: Store, name: RepositoryName, reference: Reference): Promise<StoredManifest> {
  return resolve(store, { name, reference }, readManifest);
}

/** Which manifest is looked for, and how. */
type Look<Found> = (store: Store, digest: Digest) => Promise<Found | undefined>;

async function resolve<Found>(
  store: Store,
  { name, reference }: { readonly name: RepositoryName; readonly reference: Reference },
  look: Look<Found>,
): Promise<Found> {
  for (let round = 1; ; round += 1) {
    const digest = reference.kind === "digest" ? reference.digest : await readTag(store, name, reference.tag);
    const found = digest === undefined ? undefined : await findRevision(store, name, { digest, look });
    if (found !== undefined) return found;
    // The tag may have moved on, and the manifest that it left been deleted, while we looked.
    const isMoved = reference.kind === "tag" && (await readTag(store, name, reference.tag)) !== digest;
    if (!isMoved || round >= maxRounds) throw unknownManifest(name, reference);
  }
}

/** A manifest that the repository holds. */
async function findRevision<Found>(
  store: Store,
  name: RepositoryName,
  { digest, look }: { readonly digest: Digest; readonly look: Look<Found> },
): Promise<Found | undefined> {
  if (store.changes.isExclusive) {
    return (await isRevision(store, name, digest)) ? await findManifest(store, digest, look) : undefined;
  }
  const [isHeld, found] = await Promise.all([isRevision(store, name, digest), findManifest(store, digest, look)]);
  return isHeld ? found : undefined;
}

/** For a caller that has just seen a link to it; the bytes are restored if possible. */
export async function findManifest<Found>(store: Store, digest: Digest, look: Look<Found>): Promise<Found | undefined> {
  // Nearly always the first lookup suffices; where nothing can be restored, it always does.
  const there = await look(store, digest);
  if (there !== undefined || !store.changes.isExclusive) return there;
  // A collector that judged before the link was made may take the bytes between the look and the reading.
  for (let round = 1; round <= maxRounds && (await findBlob(store, digest)) !== undefined; round += 1) {
    const found = await look(store, digest);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A manifest that the repository holds. */
export async function openRevision(
  store: Store,
  name: RepositoryName,
  digest: Digest,
): Promise<StoredManifest | undefined> {
  return await findRevision(store, name, { digest, look: readManifest });
}

/** The facts of a manifest that the repository holds. */
export async function describeRevision(
  store: Store,
  name: RepositoryName,
  digest: Digest,
): Promise<ManifestFacts | undefined> {
  return (await findRevision(store, name, { digest, look: describeBytes }))?.facts;
}

/**
 * What is known of the manifest that a reference names, with its bytes if they had to be read for that. Its revision
 * is freshened, so that it stays for the grace of garbage collection.
 */
export async function promiseManifest(
  store: Store,
  name: RepositoryName,
  reference: Reference,
): Promise<DescribedManifest & { readonly bytes: Uint8Array | undefined }> {
  const { facts, bytes } = await resolve(store, { name, reference }, describeBytes);
  const promise = { link: revisionLink(name, facts.digest), target: facts.digest };
  if ((await promiseLink(store, name, promise)) === undefined) throw unknownManifest(name, reference);
  return { ...describe(facts), bytes };
}

/** Whether the repository holds the manifest. */
export async function isRevision(store: Store, name: RepositoryName, digest: Digest): Promise<boolean> {
  return (await readLink(store, revisionLink(name, digest))) === digest;
}

/** Bytes that do not hash to their digest are damaged, and count as absent until a push replaces them. */
export async function readManifest(store: Store, digest: Digest): Promise<StoredManifest | undefined> {
  const read = await readBytes(store, digest);
  return read === undefined ? undefined : { ...describe(read.facts), bytes: read.bytes };
}

function describe({ mediaType, sizeBytes, digest }: ManifestFacts): DescribedManifest {
  return { digest, mediaType, sizeBytes };
}

/** The refusal of a reference that names no manifest of the repository. */
export function unknownManifest(name: RepositoryName, reference: Reference): RegistryError {
  return new RegistryError("MANIFEST_UNKNOWN", { detail: { name, reference: formatReference(reference) } });
}
