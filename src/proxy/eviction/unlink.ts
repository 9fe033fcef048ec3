// Unlinks cached content: announced first, or under the repository's lock, held exclusively. What was used since it was judged
// stays.
import { errorCode } from "../../lib/system-error.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { parseManifestInTurns } from "../../oci/manifest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import {
  evictingKey,
  layerLink,
  referrerLink,
  repositoryPrefix,
  revisionLink,
  upstreamKey,
} from "../../registry/layout.ts";
import { describeBytes } from "../../registry/manifest-memory.ts";
import { readManifest } from "../../registry/manifests.ts";
import { removeIfEmpty } from "../../registry/repositories.ts";
import type { Store } from "../../registry/store.ts";
import { tagSearchOf } from "../../registry/tag-search.ts";
import { removeTag } from "../../registry/tags.ts";
import { viewOf } from "../../registry/view.ts";
import type { Removing } from "../../storage/changes.ts";
import type { Key } from "../../storage/ports.ts";

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
  eviction: CachedEviction,
): Promise<{ readonly revisions: number; readonly layers: number }> {
  const { name, revisions, layers } = eviction;
  if (revisions.length > 0) await tagSearchOf(store).prepare(name);
  const entries = await findEntries(store, eviction);
  const links = [
    ...revisions.map((digest) => revisionLink(name, digest)),
    ...layers.map((digest) => layerLink(name, digest)),
  ];
  const keys = [...links, ...entries.values()];
  await using removing = await store.changes.removing(name, { keys, waitMs: 0, isLong: true });
  const done = { revisions: 0, layers: 0 };
  if (removing === undefined) return done;
  try {
    await evictAnnounced(store, eviction, { removing, entries, done });
  } catch (error) {
    // That took too long; what is left is for the next run.
    if (errorCode(error) !== "ETIMEDOUT") throw error;
  }
  return done;
}

/** Counts what goes. */
async function evictAnnounced(
  store: Store,
  eviction: CachedEviction,
  {
    removing,
    entries,
    done,
  }: {
    readonly removing: Removing;
    readonly entries: ReadonlyMap<Digest, Key>;
    readonly done: { revisions: number; layers: number };
  },
): Promise<void> {
  const { name, layers } = eviction;
  const { gone, needed, isUnused } = await lookAgain(store, eviction);
  for (const digest of gone) {
    await evictRevision(store, name, { removing, digest, entry: entries.get(digest) });
    done.revisions += 1;
  }
  for (const digest of layers) {
    const link = layerLink(name, digest);
    if (needed.has(digest) || !(await isUnused(link, digest))) continue;
    if (await removing.delete(link, notYet)) done.layers += 1;
  }
  await removeIfEmpty(store, name);
}

/** Until the next collection syncs, a power cut may undo it: then it is evicted again. */
const notYet = { isDurable: false } as const;

/** The entries that tell of these manifests, by manifest. */
async function findEntries(store: Store, { name, revisions }: CachedEviction): Promise<ReadonlyMap<Digest, Key>> {
  const entries = new Map<Digest, Key>();
  for (const digest of revisions) {
    const subject = (await describeBytes(store, digest))?.facts.subject;
    if (subject !== undefined) entries.set(digest, referrerLink(name, subject, digest));
  }
  return entries;
}

/** Which manifests have not been used since, and what the others need. */
async function lookAgain(store: Store, { name, revisions, judged }: CachedEviction) {
  const seen = await viewOf(store, repositoryPrefix(name));
  const isUnused = async (link: Key, digest: Digest) => {
    const stat = await seen.objects.stat(link);
    return stat !== undefined && stat.changedMs === judged.get(digest);
  };
  const needed = new Set<Digest>();
  const gone: Digest[] = [];
  for (const digest of revisions) {
    if (await isUnused(revisionLink(name, digest), digest)) gone.push(digest);
    else for (const kept of await namedBy(store, digest)) needed.add(kept);
  }
  return { gone, needed, isUnused };
}

/** Tags first: a tag that points nowhere would look damaged. */
async function evictRevision(
  store: Store,
  name: RepositoryName,
  {
    removing,
    digest,
    entry,
  }: { readonly removing: Removing; readonly digest: Digest; readonly entry: Key | undefined },
): Promise<void> {
  for (const tag of await tagSearchOf(store).find(name, digest))
    await removeTag(store, name, { removing, tag, digest });
  await removing.delete(revisionLink(name, digest), notYet);
  if (entry !== undefined) await removing.delete(entry, notYet);
}

async function namedBy(store: Store, digest: Digest): Promise<readonly Digest[]> {
  const stored = await readManifest(store, digest);
  const parsed = stored === undefined ? undefined : await parseManifestInTurns(stored.bytes, undefined);
  return parsed === undefined || "problem" in parsed ? [] : parsed.manifest.blobs.map((blob) => blob.digest);
}
