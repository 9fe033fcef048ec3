// Which links of a repository nobody needs: decided from what was read, without a look at the disk.
import type { Digest } from "../oci/digest.ts";
import type { Tag } from "../oci/reference.ts";
import type { Key } from "../storage/driver.ts";
import type { RepositoryScan, Revision } from "./gc-scan.ts";
import type { ReferrerEntry } from "./referrer-index.ts";

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
export function planPrune(scan: RepositoryScan, rules: PruneRules): PrunePlan {
  const all = new Set(scan.revisions.keys());
  const isProtected = scan.problems.length > 0;
  const kept = rules.deletesUntagged && !isProtected ? keepReachable(scan, rules) : all;
  const needed = new Set<Digest>();
  for (const digest of kept) for (const named of scan.revisions.get(digest)?.named ?? []) needed.add(named);
  if (isProtected) return { revisions: [], layers: [], notes: [], kept, needed };
  const isStale = ([digest, changedMs]: readonly [Digest, number]) => !needed.has(digest) && !rules.isYoung(changedMs);
  return {
    revisions: [...all].filter((digest) => !kept.has(digest)),
    layers: [...scan.layers].filter(isStale).map(([digest]) => digest),
    notes: [...scan.deleted].filter(
      (digest) => !needed.has(digest) || scan.revisions.has(digest) || scan.layers.has(digest),
    ),
    kept,
    needed,
  };
}

/**
 * Tagged revisions, young ones (children are pushed before their index) and roots; what they name; and who refers to
 * them. A referrer does not keep its subject.
 */
function keepReachable({ revisions, tags }: RepositoryScan, { isYoung, roots }: PruneRules): ReadonlySet<Digest> {
  const referrers = new Map<Digest, Digest[]>();
  for (const { digest, subject } of revisions.values()) {
    if (subject === undefined) continue;
    const known = referrers.get(subject);
    if (known === undefined) referrers.set(subject, [digest]);
    else known.push(digest);
  }
  const isRoot = ({ digest, changedMs }: Revision) => isYoung(changedMs) || roots?.has(digest) === true;
  const open = [...tags.values(), ...[...revisions.values()].filter(isRoot).map(({ digest }) => digest)];
  const kept = new Set<Digest>();
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    const revision = revisions.get(digest);
    if (revision === undefined || kept.has(digest)) continue;
    kept.add(digest);
    open.push(...revision.named, ...(referrers.get(digest) ?? []));
  }
  return kept;
}
