// Tags that no keep rule keeps are removed as a client would remove them: one by one, under the repository's lock held
// exclusively, and the grace of their manifest begins then.
import { errorCode } from "../../lib/system-error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { Removing } from "../../storage/changes.ts";
import { revisionLink, tagCurrentLink } from "../layout.ts";
import { readPulledMs, recordedSinceMs } from "../pulls.ts";
import type { Store } from "../store.ts";
import { readTag, removeTag } from "../tags.ts";
import { type DatedTag, explainKept, type KeepRules } from "./keep.ts";
import { reasons, removalIn } from "./report.ts";
import type { GcRun } from "./run.ts";
import type { RepositoryScan } from "./scan.ts";
import { takeTag } from "./unlink.ts";

/** After so many a push gets its turn. */
const tagsAtOnce = 50;

/** A tag as it was judged. */
interface JudgedTag extends DatedTag {
  readonly digest: Digest;
}

/**
 * Removes the tags of a repository that no rule keeps, and reports each in a dry run. For a repository in which nothing
 * was found wrong: a tag may be all that leads to what a repair would need.
 */
export async function expireTags(
  run: GcRun,
  name: RepositoryName,
  { scan, seen, keep }: { readonly scan: RepositoryScan; readonly seen: Store; readonly keep: KeepRules },
): Promise<void> {
  const { store, isDryRun, report, counters } = run;
  const tags = await dateTags({ store: seen, pace: run.pace }, name, scan.tags);
  const kept = await explainKept(name, tags, { ...keep, nowMs: store.now() });
  if (isDryRun) for (const [tag, reason] of kept) report({ kind: "kept", repository: name, tag, reason });
  const doomed = tags.filter(({ tag }) => !kept.has(tag));
  for (let start = 0; start < doomed.length; start += tagsAtOnce) {
    const some = doomed.slice(start, start + tagsAtOnce);
    const removed = isDryRun ? some.map(({ tag }) => tag) : await removeUnchanged(store, name, some);
    if (removed === "busy") break;
    counters.tags += removed.length;
    for (const tag of removed) report(removalIn(name, { what: "tag", subject: tag, reason: reasons.tag }));
  }
}

async function dateTags(
  { store, pace }: Pick<GcRun, "store" | "pace">,
  name: RepositoryName,
  tags: RepositoryScan["tags"],
): Promise<readonly JudgedTag[]> {
  const sinceMs = await recordedSinceMs(store);
  const dated: JudgedTag[] = [];
  for (const [tag, digest] of tags) {
    await pace();
    const times = await readTimes(store, name, { tag, sinceMs });
    if (times !== undefined) dated.push({ tag, digest, ...times });
  }
  return dated;
}

async function readTimes(
  store: Store,
  name: RepositoryName,
  { tag, sinceMs }: { readonly tag: Tag; readonly sinceMs: number },
): Promise<Omit<DatedTag, "tag"> | undefined> {
  const pushed = await store.objects.stat(tagCurrentLink(name, tag));
  if (pushed === undefined) return undefined;
  return { pushedMs: pushed.modifiedMs, pulledMs: (await readPulledMs(store, name, tag)) ?? sinceMs };
}

/** What was pushed, moved or pulled since it was judged stays, and what takes too long. */
async function removeUnchanged(
  store: Store,
  name: RepositoryName,
  doomed: readonly JudgedTag[],
): Promise<readonly Tag[] | "busy"> {
  // The same digest, pushed again, looks as it did before: a push finds the tag announced, or is found here.
  const keys = doomed.map(({ tag }) => tagCurrentLink(name, tag));
  await using removing = await store.changes.removing(name, { keys, waitMs: 0 });
  if (removing === undefined) return "busy";
  const removed: Tag[] = [];
  try {
    for (const each of doomed) if (await removeOne(store, name, { removing, ...each })) removed.push(each.tag);
  } catch (error) {
    // The next run has another try.
    if (errorCode(error) !== "ETIMEDOUT") throw error;
  }
  return removed;
}

async function removeOne(
  store: Store,
  name: RepositoryName,
  { removing, tag, digest, ...judged }: JudgedTag & { readonly removing: Removing },
): Promise<boolean> {
  const now = await readTimes(store, name, { tag, sinceMs: judged.pulledMs });
  const isSame = now?.pushedMs === judged.pushedMs && now.pulledMs === judged.pulledMs;
  if (!isSame || (await readTag(store, name, tag)) !== digest) return false;
  // A pull of the manifest that the tag leaves may be under way: its grace begins now.
  await store.objects.renew(revisionLink(name, digest));
  if (store.changes.isExclusive) return await removeTag(store, name, { removing, tag, digest });
  await takeTag(store, name, { removing, tag });
  return true;
}
