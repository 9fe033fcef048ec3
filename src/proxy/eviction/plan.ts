// What leaves the cache: decided from what was read, without touching the disk.
//
// A manifest stays as long as its own last use allows, or that of an index that names it, or of the subject it refers
// to. A blob stays while a manifest that stays names it, in any repository; one that no manifest names goes by its own
// last use. The least recently used goes first.
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";

/** A cached manifest. */
export interface CachedRevision {
  readonly digest: Digest;
  readonly usedMs: number;
  /** Of the manifest itself. */
  readonly sizeBytes: number;
  readonly named: ReadonlySet<Digest>;
  readonly subject: Digest | undefined;
}

/** A cached blob, as one repository links it. */
export interface CachedLayer {
  readonly digest: Digest;
  readonly usedMs: number;
  /** 0 if the bytes are gone. */
  readonly sizeBytes: number;
}

/** A cached repository as it was read. */
export interface CachedContent {
  readonly name: RepositoryName;
  /** How long unused content stays; 0 means for ever. */
  readonly ttlMs: number;
  readonly revisions: readonly CachedRevision[];
  readonly layers: readonly CachedLayer[];
}

/** The limits. */
export interface EvictionLimits {
  readonly nowMs: number;
  /** Undefined: no limit. */
  readonly maxBytes: number | undefined;
  /** Anything used more recently stays in any case. */
  readonly graceMs: number;
}

/** What to evict from one repository. */
export interface Eviction {
  readonly name: RepositoryName;
  readonly revisions: readonly Digest[];
  readonly layers: readonly Digest[];
}

/** Over the limit, evicts down to this share of it, so that the next blobs do not exceed it again. */
const lowWater = 0.9;

interface Unit {
  readonly name: RepositoryName;
  readonly kind: "revision" | "layer";
  readonly digest: Digest;
  readonly usedMs: number;
  readonly isExpired: boolean;
  /** What it needs, itself included. */
  readonly holds: readonly Digest[];
}

/** Plans for all cached repositories at once, since they share their blobs. */
export function planEviction(contents: readonly CachedContent[], limits: EvictionLimits): readonly Eviction[] {
  const units = contents.flatMap((content) => unitsOf(content, limits.nowMs));
  return gatherEvictions(contents, chooseUnits(units, sizesOf(contents), limits));
}

/** The units that are expired, and the least recently used ones until what stays is small enough. */
function chooseUnits(
  units: readonly Unit[],
  sizes: ReadonlyMap<Digest, number>,
  { nowMs, maxBytes = Number.POSITIVE_INFINITY, graceMs }: EvictionLimits,
): readonly Unit[] {
  const holders = new Map<Digest, number>();
  for (const digest of units.flatMap(({ holds }) => holds)) holders.set(digest, (holders.get(digest) ?? 0) + 1);
  let totalBytes = [...holders.keys()].reduce((sum, digest) => sum + (sizes.get(digest) ?? 0), 0);
  const targetBytes = totalBytes > maxBytes ? maxBytes * lowWater : Number.POSITIVE_INFINITY;
  const gone: Unit[] = [];
  for (const unit of units.toSorted((one, other) => one.usedMs - other.usedMs)) {
    const isWanted = unit.isExpired || totalBytes > targetBytes;
    if (!isWanted || nowMs - unit.usedMs < graceMs) continue;
    gone.push(unit);
    for (const digest of unit.holds) {
      const left = (holders.get(digest) ?? 0) - 1;
      holders.set(digest, left);
      if (left === 0) totalBytes -= sizes.get(digest) ?? 0;
    }
  }
  return gone;
}

function sizesOf(contents: readonly CachedContent[]): ReadonlyMap<Digest, number> {
  const sizes = new Map<Digest, number>();
  for (const { revisions, layers } of contents) {
    for (const { digest, sizeBytes } of [...revisions, ...layers]) sizes.set(digest, sizeBytes);
  }
  return sizes;
}

/** One for each manifest, and for each blob that no manifest of the repository names. */
function unitsOf({ name, ttlMs, revisions, layers }: CachedContent, nowMs: number): readonly Unit[] {
  const linked = new Set(layers.map(({ digest }) => digest));
  const named = new Set(revisions.flatMap((revision) => [...revision.named]));
  const used = lastUses(revisions);
  const isExpired = (usedMs: number) => ttlMs > 0 && nowMs - usedMs > ttlMs;
  return [
    ...revisions.map((revision): Unit => {
      const usedMs = used.get(revision.digest) ?? revision.usedMs;
      const holds = [revision.digest, ...[...revision.named].filter((digest) => linked.has(digest))];
      return { name, kind: "revision", digest: revision.digest, usedMs, isExpired: isExpired(usedMs), holds };
    }),
    ...layers
      .filter(({ digest }) => !named.has(digest))
      .map(({ digest, usedMs }): Unit => {
        return { name, kind: "layer", digest, usedMs, isExpired: isExpired(usedMs), holds: [digest] };
      }),
  ];
}

/** A child was last used when the youngest index that names it was, a referrer when its subject was. */
function lastUses(revisions: readonly CachedRevision[]): ReadonlyMap<Digest, number> {
  const byDigest = new Map(revisions.map((revision) => [revision.digest, revision]));
  const referrers = Map.groupBy(revisions, ({ subject }) => subject);
  const used = new Map<Digest, number>();
  // The most recently used first: whatever it reaches that was not reached before was used when it was.
  for (const { digest: start, usedMs } of revisions.toSorted((one, other) => other.usedMs - one.usedMs)) {
    const open = [start];
    for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
      const revision = byDigest.get(digest);
      if (revision === undefined || used.has(digest)) continue;
      used.set(digest, usedMs);
      for (const child of revision.named) open.push(child);
      for (const referrer of referrers.get(digest) ?? []) open.push(referrer.digest);
    }
  }
  return used;
}

/** The links of blobs that no remaining manifest of the repository names go with their manifests. */
function gatherEvictions(contents: readonly CachedContent[], gone: readonly Unit[]): readonly Eviction[] {
  const byName = Map.groupBy(gone, ({ name }) => name);
  return contents.flatMap((content) => {
    const units = byName.get(content.name);
    if (units === undefined) return [];
    const revisions = new Set(units.filter(({ kind }) => kind === "revision").map(({ digest }) => digest));
    const staying = content.revisions.filter(({ digest }) => !revisions.has(digest));
    const needed = new Set(staying.flatMap(({ named }) => [...named]));
    const dropped = new Set(units.flatMap(({ kind, digest, holds }) => (kind === "layer" ? [digest] : holds)));
    const layers = content.layers
      .map(({ digest }) => digest)
      .filter((digest) => dropped.has(digest) && !needed.has(digest));
    return [{ name: content.name, revisions: [...revisions], layers }];
  });
}
