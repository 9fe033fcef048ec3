// Which links of a repository nobody needs: decided from what was read, without a look at the disk.
import { inTurns } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Key } from "../../storage/driver.ts";
import type { ReferrerEntry } from "../referrer-index.ts";
import type { RepositoryScan } from "./scan.ts";

/** What may go. */
export interface PrunePlan {
  /** Manifests that no tag, index or subject keeps. */
  readonly revisions: readonly Digest[];
  /** Links of blobs that no manifest names. */
  readonly layers: readonly Digest[];
  /** Notes that something was deleted which nobody names any more, or which was pushed again. */
  readonly notes: readonly Digest[];
  /** Manifests that stay. */
  readonly kept: ReadonlySet<Digest>;
  /** Everything that the manifests which stay name. */
  readonly needed: ReadonlySet<Digest>;
}

/** What was, or in a dry run would be, taken away. */
export interface Pruned {
  readonly revisions: readonly Digest[];
  readonly layers: readonly Digest[];
  readonly tags: readonly Tag[];
  readonly entries: readonly ReferrerEntry[];
  /** Directories of links without a link. */
  readonly directories: readonly Key[];
  /** Whether nothing is left of the repository. */
  readonly isRepositoryGone: boolean;
  /** What the repository holds and needs afterwards; the mark of the blobs. */
  readonly marked: readonly Digest[];
  readonly isBusy: boolean;
  /** What was found on the way, and why nothing goes. */
  readonly problems: readonly string[];
}

/** How to judge. */
export interface PruneRules {
  /** Whether something that was changed then is younger than the grace. */
  readonly isYoung: (changedMs: number) => boolean;
  readonly deletesUntagged: boolean;
  /** Revisions that stay in any case. */
  readonly roots?: ReadonlySet<Digest>;
}

/** Plans for one repository; nothing goes where something could not be understood. */
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
 * Tagged revisions, young ones (children are pushed before their index) and roots; what they name; and who refers to
 * them. A referrer does not keep its subject.
 */
async function keepReachable(
  { revisions, tags }: RepositoryScan,
  { isYoung, roots }: PruneRules,
): Promise<ReadonlySet<Digest>> {
  const referrers = new Map<Digest, Digest[]>();
  const open = [...tags.values()];
  for await (const { digest, subject, changedMs } of inTurns(revisions.values())) {
    if (isYoung(changedMs) || roots?.has(digest) === true) open.push(digest);
    if (subject === undefined) continue;
    const known = referrers.get(subject);
    if (known === undefined) referrers.set(subject, [digest]);
    else known.push(digest);
  }
  const kept = new Set<Digest>();
  // What is added on the way is looked at too.
  for await (const digest of inTurns(open)) {
    const revision = revisions.get(digest);
    if (revision === undefined || kept.has(digest)) continue;
    kept.add(digest);
    open.push(...revision.named, ...(referrers.get(digest) ?? []));
  }
  return kept;
}
