// Which links of a repository nobody needs: decided from what was read, without touching the disk.
import { inTurns } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Key } from "../../storage/ports.ts";
import type { ReferrerEntry } from "../referrer-index.ts";
import type { RepositoryScan } from "./scan.ts";

/** What may be removed, and what that leaves. */
export interface PrunePlan {
  /** Manifests that nothing keeps: no tag, index or subject. */
  readonly revisions: readonly Digest[];
  /** Links of blobs that no manifest names. */
  readonly layers: readonly Digest[];
  /** Notes of deletions that are no longer needed: of what nobody names any more, or what was pushed again. */
  readonly notes: readonly Digest[];
  /** Manifests that stay. */
  readonly kept: ReadonlySet<Digest>;
  /** Everything that the kept manifests name. */
  readonly needed: ReadonlySet<Digest>;
}

/** What was removed, or in a dry run would be. */
export interface Pruned {
  readonly revisions: readonly Digest[];
  readonly layers: readonly Digest[];
  readonly tags: readonly Tag[];
  readonly entries: readonly ReferrerEntry[];
  /** Directories of links without a link. */
  readonly directories: readonly Key[];
  /** Whether nothing is left of the repository. */
  readonly isRepositoryGone: boolean;
  /** What the repository holds and needs afterwards; marks blobs. */
  readonly marked: readonly Digest[];
  readonly isBusy: boolean;
  /** The reasons for removing nothing. */
  readonly problems: readonly string[];
}

/** How to judge. */
export interface PruneRules {
  /** Whether something that was changed then is younger than the grace. */
  readonly isYoung: (changedMs: number) => boolean;
  /** Whether a revision that was changed then stays although it is no longer young. */
  readonly mayBeRelied?: (changedMs: number) => boolean;
  readonly deletesUntagged: boolean;
  /** Revisions that stay in any case. */
  readonly roots?: ReadonlySet<Digest>;
}

/** Plans for one repository. If something could not be understood, nothing is removed. */
export async function planPrune(scan: RepositoryScan, rules: PruneRules): Promise<PrunePlan> {
  const { revisions, layers, deleted } = scan;
  const isProtected = scan.problems.length > 0;
  const kept = rules.deletesUntagged && !isProtected ? await keepReachable(scan, rules) : new Set(revisions.keys());
  const needed = new Set<Digest>();
  for await (const digest of inTurns(kept)) {
    for (const named of revisions.get(digest)?.named ?? []) needed.add(named);
  }
  if (isProtected) return { revisions: [], layers: [], notes: [], kept, needed };
  const isStale = ([digest, changedMs]: readonly [Digest, number]) => !needed.has(digest) && !rules.isYoung(changedMs);
  const isSettled = (digest: Digest) => !needed.has(digest) || revisions.has(digest) || layers.has(digest);
  return {
    revisions: await keepIf(revisions.keys(), (digest) => !kept.has(digest)),
    layers: (await keepIf(layers, isStale)).map(([digest]) => digest),
    notes: await keepIf(deleted, isSettled),
    kept,
    needed,
  };
}

async function keepIf<T>(items: Iterable<T>, isWanted: (item: T) => boolean): Promise<T[]> {
  const wanted: T[] = [];
  for await (const item of inTurns(items)) if (isWanted(item)) wanted.push(item);
  return wanted;
}

/**
 * Tagged revisions, young ones (children are pushed before their index, and all before their tags) and roots; what they name;
 * and their referrers. A referrer does not keep its subject.
 */
async function keepReachable(
  { revisions, tags }: RepositoryScan,
  { isYoung, mayBeRelied, roots }: PruneRules,
): Promise<ReadonlySet<Digest>> {
  const referrers = new Map<Digest, Digest[]>();
  const open = [...tags.values()];
  for await (const { digest, subject, changedMs } of inTurns(revisions.values())) {
    if (isYoung(changedMs) || mayBeRelied?.(changedMs) === true || roots?.has(digest) === true) open.push(digest);
    if (subject === undefined) continue;
    const known = referrers.get(subject);
    if (known === undefined) referrers.set(subject, [digest]);
    else known.push(digest);
  }
  const kept = new Set<Digest>();
  // This also visits what is added on the way.
  for await (const digest of inTurns(open)) {
    const revision = revisions.get(digest);
    if (revision === undefined || kept.has(digest)) continue;
    kept.add(digest);
    open.push(...revision.named, ...(referrers.get(digest) ?? []));
  }
  return kept;
}
