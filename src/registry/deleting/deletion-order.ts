// A deletion that somebody has agreed to, against what the repository holds now: nothing but what it names goes, and of
// that only what still fits.
import { inTurns } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { RepositoryScan } from "../gc/scan.ts";
import type { IsImmutable } from "../immutable-tags.ts";
import { planRemoval, type RemovalReason } from "./removal.ts";
import type { TaggedDigest } from "./selection.ts";

/** What was agreed to, as a plan said: nothing else goes. */
export interface DeletionOrder {
  readonly tags: readonly TaggedDigest[];
  readonly manifests: readonly Digest[];
  /** Those of them that were agreed to only since their subjects go: a part of an order may come without those. */
  readonly referrers?: ReadonlySet<Digest> | undefined;
}

/** Something of the order that stays. */
export interface KeptContent {
  readonly tag: Tag | undefined;
  readonly digest: Digest;
  readonly reason: string;
}

/** What of an order is to be done. */
export interface DeletionTasks {
  /** Tags whose manifests stay. */
  readonly tags: readonly TaggedDigest[];
  /** In this order. */
  readonly manifests: ReadonlyMap<Digest, RemovalReason>;
  /** The tags that a manifest may take with it. */
  readonly tagsOf: ReadonlyMap<Digest, ReadonlySet<Tag>>;
  readonly kept: readonly KeptContent[];
}

/** Why something of an order stays. */
export const keptReasons = {
  moved: "the tag points to another manifest now",
  immutable: "the tag is immutable",
  needed: "a tag, an index or a subject needs it",
  newTag: "another tag points to it now",
  newIndex: "a manifest that was pushed meanwhile needs it",
  touched: "somebody asked for it meanwhile, perhaps to push an index over it",
  unreadable: "another manifest or tag cannot be read, and may need it",
  gone: "it was gone already",
  busy: "the repository was busy; try again",
} as const;

/** How to judge. */
export interface OrderRules {
  readonly isImmutable: IsImmutable;
  readonly nowMs: number;
}

/** Decides. */
export async function planOrder(
  name: RepositoryName,
  { order, scan }: { readonly order: DeletionOrder; readonly scan: RepositoryScan },
  { isImmutable, nowMs }: OrderRules,
): Promise<DeletionTasks> {
  const kept: KeptContent[] = [];
  const tagsOf = new Map<Digest, Set<Tag>>();
  const tags = new Set<Tag>();
  for await (const each of inTurns(order.tags)) {
    const { tag, digest } = each;
    const now = scan.tags.get(tag);
    if (now === undefined) kept.push({ ...each, reason: keptReasons.gone });
    else if (now !== digest) kept.push({ ...each, reason: keptReasons.moved });
    else if (isImmutable(name, tag)) kept.push({ ...each, reason: keptReasons.immutable });
    else {
      tags.add(tag);
      tagsOf.set(digest, (tagsOf.get(digest) ?? new Set<Tag>()).add(tag));
    }
  }
  const only = new Set(order.manifests);
  const plan = await planRemoval(scan, { tags, digests: await rootsOf(order, scan), only, nowMs });
  const why = new Map(plan.kept.map(({ digest, because }) => [digest, because]));
  for await (const digest of inTurns(only)) {
    if (plan.manifests.has(digest)) continue;
    const because = why.get(digest);
    const needed = because === "touched" || because === "unreadable" ? keptReasons[because] : keptReasons.needed;
    kept.push({ tag: undefined, digest, reason: scan.revisions.has(digest) ? needed : keptReasons.gone });
  }
  const alone: TaggedDigest[] = [];
  for await (const [digest, own] of inTurns(tagsOf)) {
    if (!plan.manifests.has(digest)) for (const tag of own) alone.push({ tag, digest });
  }
  return { tags: alone, manifests: plan.manifests, tagsOf, kept };
}

/** Those of the order that no other one of it leads to, and no subject that is still there. */
async function rootsOf(
  { manifests, referrers }: DeletionOrder,
  { revisions }: RepositoryScan,
): Promise<ReadonlySet<Digest>> {
  const digests = new Set(manifests);
  const roots = new Set(digests);
  for await (const digest of inTurns(digests)) {
    const revision = revisions.get(digest);
    const subject = revision?.subject;
    const isFollower = subject !== undefined && (digests.has(subject) || referrers?.has(digest) === true);
    if (isFollower && revisions.has(subject)) roots.delete(digest);
    for await (const named of inTurns(revision?.named ?? [])) roots.delete(named);
  }
  return roots;
}
