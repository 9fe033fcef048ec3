// The index of referrers, written for manifests that another registry stored. Where each manifest would be a request or two,
// a note tells up to when all of them were read: those that are older, or have an entry, are left out.
// The note holds the time of the newest of them, in milliseconds since 1970.
import { forEachAtOnce } from "../lib/at-once.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import { referrerLink, referrersPrefix, referrersReadKey, revisionLink, revisionsPrefix } from "./layout.ts";
import { putLink } from "./links.ts";
import { describeRevision, isRevision } from "./manifests.ts";
import { listReferrerEntries, type ReferrerEntry } from "./referrer-index.ts";
import { listRevisions } from "./repositories.ts";
import { type Store, withAdding } from "./store.ts";
import { hasDirectories, readsAtOnce, viewOf } from "./view.ts";

/** What a rebuilding came to. */
export interface RebuiltReferrers {
  /** Referrers whose entry could not be written, on a full or read-only disk. */
  readonly unwritten: readonly ReferrerEntry[];
  /** Whether there is no manifest at all. */
  readonly isEmpty: boolean;
}

const maxNoteBytes = 64;
/** Fewer are read each time, and leave no note behind. */
const fewManifests = 100;
/** Links that are written at the same time may get their times in another order. */
const overlapMs = 15 * 60_000;

/** Writes the entries that are missing. */
export async function rebuildReferrers(store: Store, name: RepositoryName): Promise<RebuiltReferrers> {
  const seen = await viewOf(await viewOf(store, revisionsPrefix(name)), referrersPrefix(name));
  const revisions = await Array.fromAsync(listRevisions(seen, name));
  const { unread, newestMs } = hasDirectories(store)
    ? { unread: revisions, newestMs: 0 }
    : await pick(seen, name, revisions);
  const unwritten: ReferrerEntry[] = [];
  await forEachAtOnce(unread, readsAtOnce(store), async (digest) => {
    const subject = (await describeRevision(store, name, digest))?.subject;
    if (subject === undefined || (await seen.objects.stat(referrerLink(name, subject, digest))) !== undefined) return;
    // The index only saves time: the answer must not depend on whether the disk can be written.
    if (!(await writeEntry(store, name, { subject, digest }))) unwritten.push({ subject, digest });
  });
  if (newestMs > 0 && revisions.length > fewManifests && unread.length > 0 && unwritten.length === 0)
    await store.objects.put(referrersReadKey(name), new TextEncoder().encode(String(newestMs))).catch(() => {});
  return { unwritten, isEmpty: revisions.length === 0 };
}

async function writeEntry(store: Store, name: RepositoryName, { subject, digest }: ReferrerEntry): Promise<boolean> {
  try {
    await withAdding(store, name, async (adding) => {
      // It may have been deleted since it was read.
      if (!(await isRevision(store, name, digest))) return;
      await putLink(store, referrerLink(name, subject, digest), { adding, digest });
    });
    return true;
  } catch {
    return false;
  }
}

/** Those that have to be read, by what was listed of all of them. */
async function pick(
  seen: Store,
  name: RepositoryName,
  revisions: readonly Digest[],
): Promise<{ readonly unread: readonly Digest[]; readonly newestMs: number }> {
  const indexed = new Set<Digest>();
  for await (const { digest } of listReferrerEntries(seen, name)) indexed.add(digest);
  const readMs = Number(new TextDecoder().decode(await seen.objects.read(referrersReadKey(name), maxNoteBytes))) || 0;
  const unread: Digest[] = [];
  let newestMs = 0;
  for (const digest of revisions) {
    const changedMs = (await seen.objects.stat(revisionLink(name, digest)))?.changedMs ?? 0;
    newestMs = Math.max(newestMs, changedMs);
    if (!indexed.has(digest) && changedMs > readMs - overlapMs) unread.push(digest);
  }
  return { unread, newestMs };
}
