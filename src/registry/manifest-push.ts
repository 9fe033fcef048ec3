// A push of a manifest: it is stored after everything that it names.
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { hashInTurns } from "../oci/hash.ts";
import { parseManifestInTurns } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import type { Key } from "../storage/ports.ts";
import { withNothingUnfinished } from "./deletions.ts";
import { findBlob, linkBlob, withdrawLink } from "./find-blob.ts";
import { type IsImmutable, noneImmutable, refuseMoves } from "./immutable-tags.ts";
import { blobKey, deletedLink, layersPrefix, referrerLink, revisionLink } from "./layout.ts";
import { putLink } from "./links.ts";
import type { DescribedManifest } from "./manifest-memory.ts";
import { findForeignUrlProblem, type ManifestRules } from "./manifest-rules.ts";
import { requireNamed } from "./required-content.ts";
import type { Store } from "./store.ts";
import { type MovedTag, moveTag } from "./tags.ts";

/** A manifest as a client sends it. */
export interface ManifestPut {
  readonly bytes: Uint8Array;
  readonly contentType: string | undefined;
  /** The digest it must have, if it is pushed by digest. */
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
    await requireNamed(store, name, { manifest, rules });
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
    if (!wasLinked) await withdrawLink(store, name, { link: revisionLink(name, digest), target: digest });
    throw error;
  }
}

/** A manifest that may be stored: its digest is right, and what it names is there or need not be. */
export interface ApprovedManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly subject: Digest | undefined;
  readonly tags: readonly Tag[];
}

/**
 * Stores it; the caller holds the repository's lock, shared or exclusively. Returns what its tags pointed to before. That a
 * kill at any point does no harm depends on the order: bytes, revision, referrer, tags.
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
