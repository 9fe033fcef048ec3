// Eviction: the cache drops what has not been used for long, or what it has no room for. Each run reads everything from
// the disk, so restarts and kills change nothing: the time of a link is when it was last used.
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Digest } from "../../oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import { sweepArrivals } from "../../registry/arrival.ts";
import { collectBlobs } from "../../registry/gc/blobs.ts";
import { type RepositoryScan, scanRepository } from "../../registry/gc/scan.ts";
import { repositoriesPrefix, transfersPrefix } from "../../registry/layout.ts";
import type { Unlistable } from "../../registry/repositories.ts";
import { passNoDirectory } from "../../registry/repository-walk.ts";
import { forEachRepository, type SeenRepository } from "../../registry/seen-repositories.ts";
import type { Store } from "../../registry/store.ts";
import { openSizes, type SizeOf } from "../../registry/stored-sizes.ts";
import { isDiskLow } from "../cache-room.ts";
import { type CachedContent, type Eviction, planEviction } from "./plan.ts";
import { evictCached, isAdopted, readPending, writePending } from "./unlink.ts";

/** How to evict. */
export interface EvictionOptions {
  /** How long unused content of a repository stays, 0 for ever; undefined for one that is not cached. */
  readonly ttlOf: (name: RepositoryName) => number | undefined;
  /** Whether the repository is known to be cached although it carries no marker. */
  readonly isKnownCached: (name: RepositoryName) => boolean;
  readonly maxBytes: number | undefined;
  /** Anything used more recently stays; also how long evicted blobs stay in the trash. */
  readonly graceMs: number;
  /** Names the evicting process, for others that find an eviction in progress. */
  readonly note: string;
}

/** What was evicted. */
export interface EvictionOutcome {
  readonly revisions: number;
  readonly layers: number;
  /** Of the disk, by what earlier runs had evicted. */
  readonly freedBytes: number;
}

const transferAgeMs = 24 * 3_600_000;
const collectionTag = "cache";

/** Evicts once, and frees what nothing links any more. */
export async function evict(store: Store, options: EvictionOptions): Promise<EvictionOutcome> {
  await store.directory.makePrefix(transfersPrefix);
  const hold = await store.changes.hold(transfersPrefix, options.note);
  if ("heldBy" in hold) return { revisions: 0, layers: 0, freedBytes: 0 };
  await using _held = hold;
  return await evictAlone(store, options);
}

async function evictAlone(store: Store, options: EvictionOptions): Promise<EvictionOutcome> {
  const { maxBytes, graceMs, note } = options;
  // Unfinished downloads can be fetched again, and on a full disk their room is needed now.
  await sweepArrivals(store, isDiskLow(await store.directory.space()) ? graceMs : transferAgeMs);
  const contents = await readContents(store, options);
  const plan = planEviction(contents, { nowMs: store.now(), maxBytes, graceMs });
  // Written down first: after a kill the next run still knows what to free.
  const digests = [...new Set([...(await readPending(store)), ...plan.flatMap(digestsOf)])];
  if (plan.length > 0) await writePending(store, digests);
  const evicted = await unlink(store, contents, plan);
  const collected = await collectBlobs(store, { digests, tag: collectionTag, graceMs, note });
  if ("heldBy" in collected) return { ...evicted, freedBytes: 0 };
  if (digests.length > 0) await writePending(store, collected.left);
  return { ...evicted, freedBytes: collected.freedBytes };
}

function digestsOf({ revisions, layers }: Eviction): readonly Digest[] {
  return [...revisions, ...layers];
}

async function unlink(store: Store, contents: readonly CachedContent[], plan: readonly Eviction[]) {
  const used = new Map(contents.map((content) => [content.name, timesOf(content)]));
  const counts = { revisions: 0, layers: 0 };
  for (const eviction of plan) {
    const evicted = await evictCached(store, { ...eviction, judged: used.get(eviction.name) ?? new Map() });
    counts.revisions += evicted.revisions;
    counts.layers += evicted.layers;
  }
  return counts;
}

async function readContents(store: Store, options: EvictionOptions): Promise<readonly CachedContent[]> {
  const contents: CachedContent[] = [];
  const sizeOf = await openSizes(store);
  const visit = async ({ prefix, seen }: SeenRepository) => {
    const name = parseRepositoryName(prefix.slice(repositoriesPrefix.length + 1));
    const ttlMs = name === undefined ? undefined : options.ttlOf(name);
    if (name === undefined || ttlMs === undefined || !(await isAdopted(seen, name, options.isKnownCached))) return;
    const scan = await scanRepository(store, { prefix, name, seen });
    contents.push(await contentOf(scan, { name, ttlMs, sizeOf }));
    await nextTurn();
  };
  await forEachRepository(store, { visit, unlistable: refuseUnlisted });
  return contents;
}

/** What cannot be read may share what would be evicted; what holds nothing, or is no directory, cannot. */
function refuseUnlisted({ error }: Unlistable): void {
  passNoDirectory(error);
}

async function contentOf(
  scan: RepositoryScan,
  { name, ttlMs, sizeOf }: { readonly name: RepositoryName; readonly ttlMs: number; readonly sizeOf: SizeOf },
): Promise<CachedContent> {
  const revisions = [];
  for (const { digest, changedMs, named, subject } of scan.revisions.values()) {
    revisions.push({ digest, usedMs: changedMs, sizeBytes: await sizeOf(digest), named, subject });
  }
  const layers = [];
  for (const [digest, usedMs] of scan.layers) layers.push({ digest, usedMs, sizeBytes: await sizeOf(digest) });
  return { name, ttlMs, revisions, layers };
}

function timesOf({ revisions, layers }: CachedContent): ReadonlyMap<Digest, number> {
  return new Map([...layers, ...revisions].map(({ digest, usedMs }) => [digest, usedMs]));
}
