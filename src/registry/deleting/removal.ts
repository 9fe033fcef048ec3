// What goes with tags and manifests, and what stays because something else needs it: decided from what was read.
//
//   gone         tags that were chosen, and manifests that were chosen or lost their last tag
//   with them    what an index that goes names, and what refers to a manifest that goes (signatures, SBOMs)
//   stays        whatever a remaining tag, index or subject leads to
import { inTurns } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Tag } from "../../oci/reference.ts";
import type { RepositoryScan } from "../gc/scan.ts";

/** Why a manifest goes. */
export type RemovalReason = "selected" | "untagged" | "child" | "referrer";

/** Why a manifest stays although it was chosen, or is reached through what goes. */
export interface KeptManifest {
  readonly digest: Digest;
  readonly because: "tag" | "index" | "subject" | "touched" | "unreadable";
  /** The tags that point to it, or the manifests that need it. */
  readonly by: readonly string[];
}

/** What goes and what stays. */
export interface RemovalPlan {
  /** Parents before what they name, and subjects before what refers to them. */
  readonly manifests: ReadonlyMap<Digest, RemovalReason>;
  readonly kept: readonly KeptManifest[];
}

/** What was chosen. */
export interface RemovalChoice {
  /** They go. */
  readonly tags: ReadonlySet<Tag>;
  /** They go where no tag is left that points to them. */
  readonly digests: ReadonlySet<Digest>;
  /** Nothing but these goes; absent: whatever the choice implies. */
  readonly only?: ReadonlySet<Digest> | undefined;
  readonly nowMs: number;
}

/** A push asks for the children of an index first, and pushes the index moments later. */
const promisedMs = 3_600_000;

type RemovableScan = Pick<RepositoryScan, "revisions" | "tags" | "unread" | "hasStrayLinks">;

/** What of one repository is reached in which way. */
interface Reach {
  readonly scan: RemovableScan;
  readonly choice: RemovalChoice;
  /** The remaining tags of each manifest. */
  readonly tagsOf: ReadonlyMap<Digest, readonly Tag[]>;
  readonly referrersOf: ReadonlyMap<Digest, readonly Digest[]>;
}

/** Decides. */
export async function planRemoval(scan: RemovableScan, choice: RemovalChoice): Promise<RemovalPlan> {
  const reach = {
    scan,
    choice,
    tagsOf: await remainingTags(scan, choice.tags),
    referrersOf: await referrersIn(scan),
  };
  const candidates = await findCandidates(reach);
  const needed = await findNeeded(reach, candidates);
  const manifests = new Map<Digest, RemovalReason>();
  for await (const [digest, reason] of inTurns(candidates)) if (!needed.has(digest)) manifests.set(digest, reason);
  const kept: KeptManifest[] = [];
  for await (const [digest, reason] of inTurns(needed)) if (candidates.has(digest)) kept.push({ digest, ...reason });
  return { manifests: await parentsFirst(reach, manifests), kept: [...kept, ...(await keptByTags(reach, candidates))] };
}

async function remainingTags({ tags }: RemovableScan, chosen: ReadonlySet<Tag>): Promise<Map<Digest, Tag[]>> {
  const remaining = new Map<Digest, Tag[]>();
  for await (const [tag, digest] of inTurns(tags)) if (!chosen.has(tag)) push(remaining, digest, tag);
  return remaining;
}

async function referrersIn({ revisions }: RemovableScan): Promise<Map<Digest, Digest[]>> {
  const referrers = new Map<Digest, Digest[]>();
  for await (const { digest, subject } of inTurns(revisions.values())) {
    if (subject !== undefined) push(referrers, subject, digest);
  }
  return referrers;
}

function push<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}

/** What may go, in the order in which it was found: without a look at what else needs it. */
async function findCandidates({ scan, choice, tagsOf, referrersOf }: Reach): Promise<Map<Digest, RemovalReason>> {
  const { revisions, tags } = scan;
  const candidates = new Map<Digest, RemovalReason>();
  const add = (digest: Digest, reason: RemovalReason) => {
    const isAllowed = choice.only === undefined || choice.only.has(digest);
    if (isAllowed && revisions.has(digest) && !candidates.has(digest)) candidates.set(digest, reason);
  };
  for await (const digest of inTurns(choice.digests)) if (!tagsOf.has(digest)) add(digest, "selected");
  for await (const tag of inTurns(choice.tags)) {
    const digest = tags.get(tag);
    if (digest !== undefined && !tagsOf.has(digest)) add(digest, "untagged");
  }
  // This also visits what is added on the way.
  for await (const digest of inTurns(candidates.keys())) {
    for await (const named of inTurns(revisions.get(digest)?.named ?? [])) add(named, "child");
    for await (const referrer of inTurns(referrersOf.get(digest) ?? [])) add(referrer, "referrer");
  }
  return candidates;
}

type KeptReason = Omit<KeptManifest, "digest"> & { readonly by: string[] };

const maxNeeders = 1000;

/** What has to stay of the candidates, since it is reached from what stays. */
async function findNeeded(
  reach: Reach,
  candidates: ReadonlyMap<Digest, RemovalReason>,
): Promise<Map<Digest, KeptReason>> {
  const { scan, tagsOf, referrersOf } = reach;
  const { revisions } = scan;
  const needed = new Map<Digest, KeptReason>();
  const open: Digest[] = [];
  const need = (digest: Digest, because: KeptManifest["because"], by: readonly string[]) => {
    const known = needed.get(digest);
    if (known !== undefined) {
      if (known.because === because && known.by.length < maxNeeders) known.by.push(...by);
    } else if (candidates.has(digest)) {
      needed.set(digest, { because, by: [...by] });
      open.push(digest);
    }
  };
  const visit = async (digest: Digest) => {
    for await (const named of inTurns(revisions.get(digest)?.named ?? [])) need(named, "index", [digest]);
    // A subject does not need what refers to it: what was chosen by its digest goes.
    for await (const referrer of inTurns(referrersOf.get(digest) ?? [])) {
      if (candidates.get(referrer) !== "selected") need(referrer, "subject", [digest]);
    }
  };
  for await (const digest of inTurns(candidates.keys())) {
    const tags = tagsOf.get(digest);
    if (tags !== undefined) need(digest, "tag", tags);
  }
  for (const digest of await findPromised(reach, candidates)) need(digest, "touched", []);
  if (!isUnderstood(scan, candidates)) {
    for await (const [digest, reason] of inTurns(candidates)) if (reason !== "selected") need(digest, "unreadable", []);
  }
  for await (const digest of inTurns(revisions.keys())) if (!candidates.has(digest)) await visit(digest);
  for await (const digest of inTurns(open)) await visit(digest);
  return needed;
}

/** Whether everything that stays can be read: otherwise it may need anything. */
function isUnderstood(
  { unread, hasStrayLinks }: RemovableScan,
  candidates: ReadonlyMap<Digest, RemovalReason>,
): boolean {
  return !hasStrayLinks && [...unread].every((digest) => candidates.has(digest));
}

/** A file that is written gets the time of the last tick, a file that is touched the time of the clock. */
const clockStepMs = 20;

/**
 * Children for which somebody has asked after their index was pushed, and lately: a push of another index over them may be
 * under way, which would then fail.
 */
async function findPromised(
  { scan: { revisions }, choice }: Reach,
  candidates: ReadonlyMap<Digest, RemovalReason>,
): Promise<readonly Digest[]> {
  const pushedMs = new Map<Digest, number>();
  for await (const parent of inTurns(candidates.keys())) {
    const revision = revisions.get(parent);
    for await (const child of inTurns(revision?.named ?? [])) {
      if (candidates.has(child)) pushedMs.set(child, Math.max(pushedMs.get(child) ?? 0, revision?.changedMs ?? 0));
    }
  }
  const promised: Digest[] = [];
  for await (const [digest, reason] of inTurns(candidates)) {
    const touchedMs = revisions.get(digest)?.changedMs ?? 0;
    const isRecent = choice.nowMs - touchedMs < promisedMs && touchedMs > (pushedMs.get(digest) ?? 0) + clockStepMs;
    if (reason === "child" && isRecent) promised.push(digest);
  }
  return promised;
}

/** Chosen manifests, and those of chosen tags, to which other tags point. */
async function keptByTags(
  { scan, choice, tagsOf }: Reach,
  candidates: ReadonlyMap<Digest, RemovalReason>,
): Promise<readonly KeptManifest[]> {
  const kept = new Map<Digest, KeptManifest>();
  const keep = (digest: Digest | undefined) => {
    const by = digest === undefined ? undefined : tagsOf.get(digest);
    if (digest === undefined || by === undefined || candidates.has(digest) || kept.has(digest)) return;
    kept.set(digest, { digest, because: "tag", by });
  };
  for await (const tag of inTurns(choice.tags)) keep(scan.tags.get(tag));
  for await (const digest of inTurns(choice.digests)) keep(digest);
  return [...kept.values()];
}

/** A kill in the middle then leaves what nothing needs, and never an index without its children. */
async function parentsFirst(
  { scan, referrersOf }: Reach,
  manifests: ReadonlyMap<Digest, RemovalReason>,
): Promise<ReadonlyMap<Digest, RemovalReason>> {
  const followers = (digest: Digest) =>
    [...(scan.revisions.get(digest)?.named ?? []), ...(referrersOf.get(digest) ?? [])].filter((each) =>
      manifests.has(each),
    );
  const before = new Map<Digest, number>();
  for await (const digest of inTurns(manifests.keys())) {
    for (const follower of followers(digest)) before.set(follower, (before.get(follower) ?? 0) + 1);
  }
  const ordered = new Map<Digest, RemovalReason>();
  const open: Digest[] = [];
  for await (const digest of inTurns(manifests.keys())) if (!before.has(digest)) open.push(digest);
  for await (const digest of inTurns(open)) {
    ordered.set(digest, manifests.get(digest) ?? "child");
    for (const follower of followers(digest)) {
      const left = (before.get(follower) ?? 0) - 1;
      before.set(follower, left);
      if (left === 0) open.push(follower);
    }
  }
  // An index that refers to one of its own children leaves no first one.
  for await (const [digest, reason] of inTurns(manifests)) if (!ordered.has(digest)) ordered.set(digest, reason);
  return ordered;
}
