// A push of a manifest: it is stored after everything that it names.
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import { hashInTurns } from "../oci/hash.ts";
import { parseManifestInTurns } from "../oci/manifest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Tag } from "../oci/reference.ts";
import type { Adding, Found } from "../storage/changes.ts";
import type { Key } from "../storage/ports.ts";
import { putCatalogEntry } from "./catalog-entries.ts";
import { withNothingUnfinished } from "./deletions.ts";
import { findBlob, findBlobs, noticeWaitMs, withdrawLink } from "./find-blob.ts";
import { type IsImmutable, noneImmutable, refuseMoves, type TagConditions } from "./immutable-tags.ts";
import { blobKey, deletedLink, layersPrefix, referrerLink, revisionLink, tagCurrentLink } from "./layout.ts";
import { putWithLinks } from "./links.ts";
import type { DescribedManifest } from "./manifest-memory.ts";
import { findForeignUrlProblem, type ManifestRules } from "./manifest-rules.ts";
import { type RequiredContent, requireNamed } from "./required-content.ts";
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
  const link = revisionLink(name, digest);
  let isNew = false;
  const immutable = put.tags.filter((tag) => isImmutable(name, tag));
  const work = async (adding: Adding) => {
    const conditions = await refuseMoves(store, name, { tags: immutable, digest });
    const linked = store.objects.stat(link);
    // Its failure is reported where it is awaited; until then it must not count as unhandled.
    linked.catch(() => undefined);
    const named = await requireNamed(store, name, { manifest, rules });
    isNew = (await linked) === undefined;
    const approved = { bytes: put.bytes, digest, subject, tags: put.tags, named, conditions };
    const moved = await storeManifest(store, name, { adding, ...approved });
    if (isNew) await store.objects.delete(deletedLink(name, digest), { isDurable: false });
    return moved;
  };
  try {
    const tags = await withNothingUnfinished(store, name, { work, isConditional: immutable.length > 0 });
    const { mediaType } = manifest;
    return { digest, mediaType, sizeBytes: put.bytes.length, subject, tags, isNew };
  } catch (error) {
    if (isNew) await withdrawLink(store, name, { link, target: digest });
    throw error;
  }
}

/** A manifest that may be stored: its digest is right, and what it names is there or need not be. */
export interface ApprovedManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  readonly subject: Digest | undefined;
  readonly tags: readonly Tag[];
  /** What it names that has to be there. */
  readonly named?: readonly RequiredContent[];
  /** Of tags that may not be moved, what they are. */
  readonly conditions?: TagConditions;
}

/**
 * Stores it; returns what its tags pointed to before. That a kill at any point does no harm depends on the order: bytes,
 * revision, referrer, a look at all that it needs, tags.
 */
export async function storeManifest(
  store: Store,
  name: RepositoryName,
  { adding, ...approved }: ApprovedManifest & { readonly adding: Adding },
): Promise<readonly MovedTag[]> {
  const { bytes, digest, subject, tags, conditions } = approved;
  const link = revisionLink(name, digest);
  // The Go registries' collector stops at a repository that has `_manifests` without `_layers`.
  await store.directory.makePrefix(layersPrefix(name));
  const entries = subject === undefined ? [] : [referrerLink(name, subject, digest)];
  const [cataloged] = await Promise.all([
    putCatalogEntry(store, name),
    putWithLinks(store, { key: blobKey(digest), bytes }, { adding, digest, links: [link, ...entries] }),
  ]);
  await requireKept(store, adding, { ...approved, links: [link, ...entries, ...cataloged] });
  const moved: MovedTag[] = [];
  for (const tag of tags)
    moved.push(await moveTag(store, name, { adding, tag, digest, condition: conditions?.get(tag) }));
  const current = tags.map((tag) => tagCurrentLink(name, tag));
  if (
    tags.length > 0 &&
    !store.changes.isExclusive &&
    !(await adding.stands([link, ...current], { waitMs: noticeWaitMs }))
  )
    throw refuseTaken("the manifest was deleted meanwhile");
  return moved;
}

/**
 * Now that the manifest is linked, everything that it needs has to stay: first the links, then what they hold. Its own bytes are
 * written again if a collector that read the links before has destroyed them; what is written now survives, since a collector
 * would list it first, and read the links after that.
 */
async function requireKept(
  store: Store,
  adding: Adding,
  { bytes, digest, links, named = [] }: ApprovedManifest & { readonly links: readonly Key[] },
): Promise<void> {
  // What was seen under the same hold stays, where that is so.
  const { isExclusive } = store.changes;
  const written = [...links, ...named.map((each) => each.link)];
  if (!isExclusive && !(await adding.stands(written, { waitMs: noticeWaitMs })))
    throw refuseTaken("what it needs was deleted meanwhile");
  const digests = [digest, ...named.map(({ target }) => target)];
  for (let round = 1; ; round += 1) {
    const [own, ...others] = isExclusive
      ? [await findBlob(store, digest)]
      : await findBlobs(store, adding, { digests, waitMs: noticeWaitMs });
    if (!others.every(isKept)) throw refuseTaken("a blob that it needs was collected meanwhile");
    if (isKept(own)) return;
    if (own === "noticed" || round > maxRounds) throw refuseTaken("the manifest was collected meanwhile");
    await store.objects.put(blobKey(digest), bytes);
  }
}

function isKept(found: Found): boolean {
  return found !== undefined && found !== "noticed";
}

function refuseTaken(what: string): RegistryError {
  return new RegistryError("UNAVAILABLE", { message: `${what}; push it again`, retryAfterSeconds: 1 });
}
