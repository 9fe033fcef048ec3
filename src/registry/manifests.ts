// Manifests of a repository: a manifest is stored after everything that it names.
import { type Descriptor, isStoredElsewhere } from "../oci/descriptor.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { hashInTurns } from "../oci/hash.ts";
import { type Manifest, parseManifestInTurns } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { formatReference, type Reference, type Tag } from "../oci/reference.ts";
import type { Key, Stat } from "../storage/ports.ts";
import { inspectBlob, quarantineBlob } from "./blob-damage.ts";
import { promiseLink } from "./blobs.ts";
import { withNothingUnfinished } from "./deletions.ts";
import { findBlob, followToBlob, type LinkedBlob, linkBlob } from "./find-blob.ts";
import { type IsImmutable, noneImmutable, refuseMoves } from "./immutable-tags.ts";
import { blobKey, deletedLink, layerLink, layersPrefix, referrerLink, revisionLink } from "./layout.ts";
import { putLink, readLink } from "./links.ts";
import { type DescribedManifest, describeBytes, type ManifestFacts, readBytes } from "./manifest-memory.ts";
import { findForeignUrlProblem, isChildRequired, type ManifestRules } from "./manifest-rules.ts";
import { removeIfEmpty } from "./repositories.ts";
import { type Store, withLock } from "./store.ts";
import { type MovedTag, moveTag, readTag } from "./tags.ts";

/** A manifest that is stored. */
export interface StoredManifest extends DescribedManifest {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A manifest as a client sends it. */
export interface ManifestPut {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
  /** The digest it must have, where it is pushed by digest. */
  readonly digest: Digest | undefined;
  readonly tags: readonly Tag[];
}

/** What a push of a manifest did. */
export interface PushedManifest extends DescribedManifest {
  readonly subject: Digest | undefined;
  readonly tags: readonly MovedTag[];
  /** Whether the repository did not have it before. */
  readonly isNew: boolean;
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
    const isHeld = digest !== undefined && (await isRevision(store, name, digest));
    const found = isHeld ? await findManifest(store, digest, look) : undefined;
    if (found !== undefined) return found;
    // The tag may have moved on, and the manifest that it left been deleted, while we looked.
    const isMoved = reference.kind === "tag" && (await readTag(store, name, reference.tag)) !== digest;
    if (!isMoved || round >= maxRounds) throw unknownManifest(name, reference);
  }
}

/** For a caller that has just seen a link to it; the bytes are restored from the trash if they lie there. */
export async function findManifest<Found>(store: Store, digest: Digest, look: Look<Found>): Promise<Found | undefined> {
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
  return (await isRevision(store, name, digest)) ? await findManifest(store, digest, readManifest) : undefined;
}

/** What a manifest says that the repository holds. */
export async function describeRevision(
  store: Store,
  name: RepositoryName,
  digest: Digest,
): Promise<ManifestFacts | undefined> {
  return (await isRevision(store, name, digest))
    ? (await findManifest(store, digest, describeBytes))?.facts
    : undefined;
}

/**
 * What is known of the manifest that a reference names, with its bytes where they had to be read for that. Its revision
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

/** Bytes that do not hash to their digest are damaged: as good as absent, until a push heals them. */
export async function readManifest(store: Store, digest: Digest): Promise<StoredManifest | undefined> {
  const read = await readBytes(store, digest);
  return read === undefined ? undefined : { ...describe(read.facts), bytes: read.bytes };
}

function describe({ mediaType, sizeBytes, digest }: ManifestFacts): DescribedManifest {
  return { digest, mediaType, sizeBytes };
}

/** Stores a manifest whose blobs and children the repository has, and points the tags to it. */
export async function putManifest(
  store: Store,
  name: RepositoryName,
  {
    put,
    rules,
    isImmutable = noneImmutable,
  }: { readonly put: ManifestPut; readonly rules: ManifestRules; readonly isImmutable?: IsImmutable },
): Promise<PushedManifest> {
  const digest = await hashInTurns(put.bytes, put.digest === undefined ? "sha256" : digestAlgorithm(put.digest));
  if (put.digest !== undefined && put.digest !== digest) {
    throw new RegistryError("DIGEST_INVALID", { detail: { expected: put.digest, actual: digest } });
  }
  const parsed = await parseManifestInTurns(put.bytes, put.contentType);
  const problem = "problem" in parsed ? parsed.problem : findForeignUrlProblem(parsed.manifest, rules);
  if ("problem" in parsed || problem !== undefined)
    throw new RegistryError("MANIFEST_INVALID", { message: problem ?? "" });
  const { manifest } = parsed;
  const subject = manifest.subject?.digest;
  const wasLinked = (await store.objects.stat(revisionLink(name, digest))) !== undefined;
  const immutable = put.tags.filter((tag) => isImmutable(name, tag));
  const work = async () => {
    await refuseMoves(store, name, { tags: immutable, digest });
    await refuseMissing(store, name, { manifest, rules });
    const moved = await storeManifest(store, name, { bytes: put.bytes, digest, subject, tags: put.tags });
    if (!wasLinked) await store.objects.delete(deletedLink(name, digest), { isDurable: false });
    return moved;
  };
  try {
    const mode = immutable.length === 0 ? "shared" : "alone";
    const tags = await withNothingUnfinished(store, name, { mode, work });
    const { mediaType } = manifest;
    return { digest, mediaType, sizeBytes: put.bytes.length, subject, tags, isNew: !wasLinked };
  } catch (error) {
    if (!wasLinked) await withdraw(store, name, digest).catch(() => undefined);
    throw error;
  }
}

/**
 * Takes back the link of a push that failed before its look at the bytes, where they are nowhere: a link without them
 * looks like lost data. Under the lock alone: whoever was told of the manifest meanwhile has bytes to be found.
 */
async function withdraw(store: Store, name: RepositoryName, digest: Digest): Promise<void> {
  const link = revisionLink(name, digest);
  if ((await store.objects.stat(link)) === undefined || (await findBlob(store, digest)) !== undefined) return;
  await withLock(store, name, "alone", async () => {
    if ((await findBlob(store, digest)) === undefined) await store.objects.delete(link);
    await removeIfEmpty(store, name);
  });
}

/** A manifest that may be stored: its digest is right, and what it names is there or need not be. */
export interface ApprovedManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly subject: Digest | undefined;
  readonly tags: readonly Tag[];
}

/**
 * Stores it, under the repository's lock held shared; returns what its tags pointed to before. A kill at any point relies
 * on the order: bytes, revision, referrer, tags.
 */
export async function storeManifest(
  store: Store,
  name: RepositoryName,
  { bytes, digest, subject, tags }: ApprovedManifest,
): Promise<readonly MovedTag[]> {
  // The Go registries' collector stops at a repository that has `_manifests` without `_layers`.
  await store.directory.makePrefix(layersPrefix(name));
  await store.objects.put(blobKey(digest), bytes);
  await linkOrWrite(store, revisionLink(name, digest), { digest, bytes });
  if (subject !== undefined) await putLink(store, referrerLink(name, subject, digest), digest);
  const moved: MovedTag[] = [];
  for (const tag of tags) moved.push(await moveTag(store, name, { tag, digest }));
  return moved;
}

/**
 * Links the manifest, and writes its bytes again if a collector that read the links before has destroyed them. What is
 * written now survives: a collector would list it first, and read the links after that.
 */
async function linkOrWrite(
  store: Store,
  link: Key,
  { digest, bytes }: { readonly digest: Digest; readonly bytes: Uint8Array },
): Promise<void> {
  let isThere = (await linkBlob(store, link, digest)).stat !== undefined;
  for (let round = 1; !isThere; round += 1) {
    if (round > maxRounds) {
      throw new RegistryError("UNAVAILABLE", {
        message: "the manifest was collected meanwhile; push it again",
        retryAfterSeconds: 1,
      });
    }
    await store.objects.put(blobKey(digest), bytes);
    isThere = (await findBlob(store, digest)) !== undefined;
  }
}

/** Link first, then look: what is named must be linked here and be there, with the size that the manifest says. */
async function refuseMissing(
  store: Store,
  name: RepositoryName,
  { manifest, rules }: { readonly manifest: Manifest; readonly rules: ManifestRules },
): Promise<void> {
  const missing: Digest[] = [];
  const keys: Key[] = [];
  const check = async (descriptor: Descriptor, link: Key, found: LinkedBlob | undefined) => {
    if (found === undefined) return void missing.push(descriptor.digest);
    const { target, stat } = found;
    if (stat.sizeBytes !== descriptor.sizeBytes) {
      if (!(await isDamaged(store, target))) throw otherSize(descriptor, stat);
      return void missing.push(descriptor.digest);
    }
    keys.push(link, blobKey(target));
  };
  for (const blob of manifest.blobs.filter((descriptor) => !isStoredElsewhere(descriptor))) {
    const link = layerLink(name, blob.digest);
    await check(blob, link, await followToBlob(store, link, blob.digest));
  }
  for (const child of manifest.children.filter((descriptor) => isChildRequired(descriptor, rules))) {
    const link = revisionLink(name, child.digest);
    const isManifest = (await isRevision(store, name, child.digest)) && (await store.objects.renew(link));
    // A build cache may be an index over blobs, which registry:2 accepts.
    const place = isManifest ? link : layerLink(name, child.digest);
    await check(child, place, await followToBlob(store, place, child.digest));
  }
  if (missing.length > 0) throw new RegistryError("MANIFEST_BLOB_UNKNOWN", { detail: { name, digests: missing } });
  await store.directory.settle(keys);
}

/** Whether the bytes are wrong, rather than the manifest; then they go out of the way, so that a push heals them. */
async function isDamaged(store: Store, digest: Digest): Promise<boolean> {
  const verdict = await inspectBlob(store, digest);
  if (verdict.kind !== "damaged") return verdict.kind === "gone";
  await quarantineBlob(store, digest, {
    judged: verdict.stat,
    id: `${store.now().toString(36)}-${store.uuid()}`,
  });
  return true;
}

function otherSize({ digest, sizeBytes }: Descriptor, stat: Stat): RegistryError {
  return new RegistryError("MANIFEST_INVALID", {
    message: `the manifest says that ${digest} has ${sizeBytes} bytes, but it has ${stat.sizeBytes}`,
    detail: { digest, expected: sizeBytes, actual: stat.sizeBytes },
  });
}

/** The refusal of a reference that names no manifest of the repository. */
export function unknownManifest(name: RepositoryName, reference: Reference): RegistryError {
  return new RegistryError("MANIFEST_UNKNOWN", { detail: { name, reference: formatReference(reference) } });
}
