// Bytes that no link needs: moved to the trash first, and destroyed when they have been there for longer than the grace.
import { errorCode } from "../../lib/system-error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { Condemned } from "../../storage/garbage.ts";
import type { Stat } from "../../storage/ports.ts";
import { listBlobs } from "../blob-places.ts";
import { blobKey, digestOfBlobKey } from "../layout.ts";
import type { Store } from "../store.ts";
import { reasons, removalOfBytes } from "./report.ts";
import type { GcRun } from "./run.ts";

const entriesBetweenProgress = 1000;
const entriesAtOnce = 1000;

/** An entry that may be destroyed. */
interface DueEntry {
  readonly entry: Condemned;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** Destroys the listed entries that nobody needs, and restores what a link needs. Only what was listed counts. */
export async function purgeTrash(run: GcRun, listed: readonly Condemned[]): Promise<void> {
  let due: DueEntry[] = [];
  let done = 0;
  for (const entry of listed) {
    await run.pace();
    await surviveDamage(run, subjectOf(entry), async () => {
      const judged = await judgeEntry(run, entry);
      if (judged !== undefined) due.push(judged);
    });
    if (due.length >= entriesAtOnce) {
      await destroyAll(run, due);
      due = [];
    }
    done += 1;
    if (done % entriesBetweenProgress === 0) run.report({ kind: "progress", phase: "purging the trash", done });
  }
  await destroyAll(run, due);
}

function subjectOf({ name }: Condemned): string {
  return `trash/${name}`;
}

/** The error codes of a bad sector and of a damaged filesystem. */
const damageCodes: readonly (string | undefined)[] = ["EIO", "EUCLEAN", "EBADMSG"];

/** What the disk cannot read stays and does not stop the rest; a full or read-only disk does. */
async function surviveDamage(run: GcRun, subject: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!damageCodes.includes(errorCode(error))) throw error;
    run.addFinding(`${subject} cannot be read: ${error}`);
  }
}

/** Restores what a link needs; whether the entry may be destroyed. */
async function judgeEntry(run: GcRun, entry: Condemned): Promise<DueEntry | undefined> {
  const { store } = run;
  const stat = await store.garbage.stat(entry);
  if (stat === undefined) return undefined;
  const digest = entry.content === undefined ? undefined : digestOfBlobKey(entry.content);
  if (digest === undefined) return void run.addFinding(`${subjectOf(entry)} is not an entry of the trash`);
  if (run.marked.has(digest)) {
    if (entry.isInPlace) return undefined;
    if (!(await isInPlace(run, digest))) return void (await restore(run, entry, digest));
    // It may be the last intact copy: a repair moves the damaged one away, and this one is restored when the blob is needed.
    if ((await store.objects.stat(blobKey(digest)))?.isDamaged === true) return undefined;
  }
  if (run.isYoung(stat.changedMs)) return void noteLeft(run, entry, { digest, sizeBytes: stat.sizeBytes });
  return { entry, digest, sizeBytes: stat.sizeBytes };
}

/** What stays in place is counted once all of these have been processed. */
function noteLeft(run: GcRun, { isInPlace: isThere }: Condemned, { digest, sizeBytes }: Omit<DueEntry, "entry">): void {
  if (isThere) run.leftInPlace.add(digest);
  else noteInTrash(run, sizeBytes);
}

/** Checked each time, since another collector may have moved it; a dry run has not restored what it reports. */
async function isInPlace({ store, isDryRun, restored }: GcRun, digest: Digest): Promise<boolean> {
  return (isDryRun && restored.has(digest)) || (await store.objects.stat(blobKey(digest))) !== undefined;
}

/** Damaged bytes are never restored; they stay until a push has healed the blob. */
async function restore(run: GcRun, entry: Condemned, digest: Digest): Promise<void> {
  if (entry.isSetAside) return;
  const isBack = run.isDryRun || (await run.store.garbage.restore(blobKey(digest)));
  if (!isBack) return;
  run.restored.add(digest);
  run.counters.restored += 1;
}

/** Many at once, and if the disk fails for one of them, one by one. */
async function destroyAll(run: GcRun, due: readonly DueEntry[]): Promise<void> {
  try {
    await destroy(run, due);
  } catch (error) {
    if (!damageCodes.includes(errorCode(error))) throw error;
    for (const each of due) await surviveDamage(run, subjectOf(each.entry), () => destroy(run, [each]));
  }
}

async function destroy({ collection, counters, report }: GcRun, due: readonly DueEntry[]): Promise<void> {
  const entries = due.map(({ entry }) => entry);
  const gone = new Set(collection === undefined ? entries : await collection.destroy(entries));
  for (const { entry, digest, sizeBytes } of due) {
    if (!gone.has(entry)) continue;
    report(removalOfBytes({ what: "trash entry", subject: digest, reason: reasons.trashEntry }, sizeBytes));
    counters.purged += 1;
    counters.freedBytes += sizeBytes;
  }
}

/** Moves blobs that nobody needs into the trash. */
export async function sweepBlobs(run: GcRun): Promise<void> {
  let done = 0;
  for await (const place of listBlobs(run.store)) {
    await run.pace();
    // Stray bytes elsewhere are left for `registry verify` to report.
    if ("unreadable" in place) run.addFinding(`${place.unreadable} cannot be listed: ${place.reason}`);
    else if (!("stray" in place) && !run.marked.has(place.digest)) {
      await surviveDamage(run, `blob ${place.digest}`, () => sweepBlob(run, place.digest, place.seen));
    }
    done += 1;
    if (done % entriesBetweenProgress === 0) run.report({ kind: "progress", phase: "sweeping blobs", done });
  }
}

/** Moves one blob that nobody needs into the trash, unless it is young. */
export async function sweepBlob(run: GcRun, digest: Digest, seen: Store = run.store): Promise<void> {
  const { store, isDryRun, counters } = run;
  const key = blobKey(digest);
  const stat = await seen.objects.stat(key);
  if (stat === undefined) {
    // The remains of a blob that is gone. A writer that is about to fill the directory recreates it.
    if (!isDryRun) await store.directory.removeEmpty(parentOf(key), { isDurable: false });
    return;
  }
  if ((await isYoungBlob(run, digest, stat)) || run.mayBeLinked(stat.changedMs)) {
    counters.waiting += 1;
    counters.waitingBytes += stat.sizeBytes;
    return;
  }
  const isNew = !run.leftInPlace.has(digest);
  if (isNew) noteCondemned(run, digest, stat);
  if (!isDryRun && (await run.collection?.condemn(key, stat)) !== true) return;
  if (isNew) counters.trashed += 1;
  noteInTrash(run, stat.sizeBytes);
}

function noteCondemned({ counters, report }: GcRun, digest: Digest, { sizeBytes }: Stat): void {
  counters.condemned += 1;
  counters.condemnedBytes += sizeBytes;
  report(removalOfBytes({ what: "blob", subject: digest, reason: reasons.blob }, sizeBytes));
}

function noteInTrash({ counters }: GcRun, sizeBytes: number): void {
  counters.inTrash += 1;
  counters.inTrashBytes += sizeBytes;
}

/** A time in the future, from a clock that was wrong, counts as now and is set to now. */
async function isYoungBlob(run: GcRun, digest: Digest, { changedMs }: Stat): Promise<boolean> {
  const isYoung = run.isYoung(changedMs);
  if (isYoung && changedMs > run.store.now() && !run.isDryRun) await run.store.objects.renew(blobKey(digest));
  return isYoung;
}

function parentOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/"));
}
