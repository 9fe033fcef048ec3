// Unlinks cached content, under the repository's lock, held exclusively. What was used since it was judged stays.
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { parseManifestInTurns } from "../../oci/manifest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import { evictingKey, layerLink, referrerLink, revisionLink, upstreamKey } from "../../registry/layout.ts";
import { describeBytes } from "../../registry/manifest-memory.ts";
import { readManifest } from "../../registry/manifests.ts";
import { removeIfEmpty } from "../../registry/repositories.ts";
import type { Store } from "../../registry/store.ts";
import { tagSearchOf } from "../../registry/tag-search.ts";
import { trashTag } from "../../registry/tags.ts";

const maxPendingBytes = 64 * 1024 * 1024;

/** The blobs that were unlinked and are not freed yet. */
export async function readPending(store: Store): Promise<readonly Digest[]> {
  const lines = new TextDecoder().decode(await store.objects.read(evictingKey, maxPendingBytes)).split("\n");
  return lines.flatMap((line) => parseDigest(line) ?? []);
}

/** Writes them down. */
export async function writePending(store: Store, digests: readonly Digest[]): Promise<void> {
  if (digests.length === 0) await store.objects.delete(evictingKey);
  else await store.objects.put(evictingKey, new TextEncoder().encode(digests.join("\n")));
}

/** What to evict from one repository. */
export interface CachedEviction {
  readonly name: RepositoryName;
  readonly revisions: readonly Digest[];
  readonly layers: readonly Digest[];
  /** When each was last used, at the time it was judged. */
  readonly judged: ReadonlyMap<Digest, number>;
}

/** Whether the repository's content came from an upstream: only then can it be fetched again. */
export async function isAdopted(
  store: Store,
  name: RepositoryName,
  isKnownCached: (name: RepositoryName) => boolean,
): Promise<boolean> {
  return (await store.objects.stat(upstreamKey(name))) !== undefined || isKnownCached(name);
}

/** Unlinks it, and returns how many manifests and links went; a busy repository is left for the next run. */
export async function evictCached(
  store: Store,
  { name, revisions, layers, judged }: CachedEviction,
): Promise<{ readonly revisions: number; readonly layers: number }> {
  if (revisions.length > 0) await tagSearchOf(store).prepare(name);
  using lock = await store.locks.take(name, "alone", { waitMs: 0 });
  if (lock === undefined) return { revisions: 0, layers: 0 };
  const isUnused = async (link: ReturnType<typeof layerLink>, digest: Digest) => {
    const stat = await store.objects.stat(link);
    return stat !== undefined && stat.changedMs === judged.get(digest);
  };
  const needed = new Set<Digest>();
  const gone: Digest[] = [];
  for (const digest of revisions) {
    if (await isUnused(revisionLink(name, digest), digest)) gone.push(digest);
    else for (const kept of await namedBy(store, digest)) needed.add(kept);
  }
  for (const digest of gone) await evictRevision(store, name, digest);
  let count = 0;
  for (const digest of layers) {
    const link = layerLink(name, digest);
    if (needed.has(digest) || !(await isUnused(link, digest))) continue;
    if (await store.objects.delete(link, { isDurable: false })) count += 1;
  }
  await removeIfEmpty(store, name);
  return { revisions: gone.length, layers: count };
}

/** Tags first: a tag that points nowhere would look damaged. */
async function evictRevision(store: Store, name: RepositoryName, digest: Digest): Promise<void> {
  const subject = (await describeBytes(store, digest))?.facts.subject;
  for (const tag of await tagSearchOf(store).find(name, digest)) await trashTag(store, name, tag);
  await store.objects.delete(revisionLink(name, digest), { isDurable: false });
  if (subject !== undefined) await store.objects.delete(referrerLink(name, subject, digest), { isDurable: false });
}

async function namedBy(store: Store, digest: Digest): Promise<readonly Digest[]> {
  const stored = await readManifest(store, digest);
  const parsed = stored === undefined ? undefined : await parseManifestInTurns(stored.bytes, undefined);
  return parsed === undefined || "problem" in parsed ? [] : parsed.manifest.blobs.map((blob) => blob.digest);
}
