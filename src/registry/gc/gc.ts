// Garbage collection beside running servers and pushes: links that nobody needs are removed under their repository's
// lock, blobs without a link go to the trash, and what has been there for longer than the grace is destroyed.
//
// Its order makes it safe, not locks or clocks: the trash is listed before the links are read, and only listed names are
// destroyed. Whoever links a blob looks for it afterwards and restores it from the trash.
import { inTurns } from "../../lib/pacer.ts";
import { errorCode } from "../../lib/system-error.ts";
import { parseRepositoryName } from "../../oci/name.ts";
import type { Condemned } from "../../storage/garbage.ts";
import type { Key } from "../../storage/ports.ts";
import { tidyCatalog } from "../catalog-entries.ts";
import { type LastRun, noteRun } from "../last-runs.ts";
import { manifestsPrefix, repositoriesPrefix, upstreamKey } from "../layout.ts";
import type { Unlistable } from "../repositories.ts";
import { forEachRepository, type SeenRepository } from "../seen-repositories.ts";
import type { Store } from "../store.ts";
import { purgeUploads } from "../upload-purge.ts";
import { hasDirectories } from "../view.ts";
import { removeEmptyDirectories } from "./directories.ts";
import { expireTags } from "./expire.ts";
import { isCovered } from "./keep.ts";
import type { Pruned } from "./plan.ts";
import { pruneRepository } from "./prune.ts";
import { type GcSummary, type Removal, reasons, removalIn } from "./report.ts";
import { type GcOptions, type GcRun, startRun } from "./run.ts";
import { scanRepository } from "./scan.ts";
import { purgeTrash, sweepBlobs } from "./sweep.ts";

/** The store has no locks between processes, so nothing would protect a server from the collection. */
export class UnprotectedError extends Error {}

/** Collects once, or says who else is collecting. Throws an UnprotectedError if pushes to a server might be lost. */
export async function collectGarbage(
  store: Store,
  options: GcOptions,
): Promise<GcSummary | { readonly heldBy: string }> {
  // A dry run removes nothing, so it may run beside another collection, and on a read-only disk.
  if (options.isDryRun) return await collect(startRun(store, options), options);
  // Without locks, a push in another process could lose links that it has just relied on.
  if (!store.changes.keepsProcessesApart() && options.isOffline !== true) throw new UnprotectedError();
  const collection = await store.garbage.collect({ note: options.note });
  if ("heldBy" in collection) return collection;
  await using _held = collection;
  const summary = await collect(startRun(store, { ...options, collection }), options);
  await noteRun(store, "collection", countsOf(summary));
  return summary;
}

function countsOf({ isDryRun: _isDryRun, ...counters }: GcSummary): LastRun["counts"] {
  return counters;
}

async function collect(run: GcRun, options: GcOptions): Promise<GcSummary> {
  const { store, counters, collection } = run;
  // 0. Removals of earlier runs are made durable before anything is destroyed.
  if (!run.isDryRun) await store.directory.syncAll();
  // 1. The trash is listed before the links are read.
  const listed = await (collection?.condemned() ?? store.garbage.list());
  // 2. and 3. Links that nobody needs are removed; the others mark their blobs.
  const isEverythingMarked = await markRepositories(run, options);
  counters.marked = run.marked.size;
  // 4. and 5. Blobs, unless some links could not be read.
  if (isEverythingMarked) {
    await purgeInTime(run, listed);
    await sweepBlobs(run);
    await collection?.finish();
    if (!run.isDryRun) await tidyCatalog(store, run.cataloged).catch(noteUntidy(run));
  }
  // 6. What was abandoned: uploads, temporary files, empty directories.
  await removeLeftovers(run, options.uploadAgeMs).catch((error) => {
    run.addFinding(`some uploads or directories could not be checked: ${String(error)}`);
  });
  return { isDryRun: run.isDryRun, ...counters };
}

function noteUntidy(run: GcRun): (error: unknown) => void {
  return (error) => run.addFinding(`the catalog could not be brought up to date: ${String(error)}`);
}

/** What takes too long stays, and is collected by the next run, which has more time. */
async function purgeInTime(run: GcRun, listed: readonly Condemned[]): Promise<void> {
  await purgeTrash(run, listed).catch((error) => {
    if (errorCode(error) !== "ETIMEDOUT") throw error;
    run.addFinding(
      `reading took longer than expected, so less is removed; the next collection takes more time: ${error}`,
    );
  });
}

/** False if a directory could not be listed, so that what it links is unknown. The others are still read. */
async function markRepositories(run: GcRun, options: GcOptions): Promise<boolean> {
  let isComplete = true;
  const giveUp = (error: unknown, prefix: Key) => {
    isComplete = false;
    run.addFinding(`some links could not be read, so no blob is removed: ${prefix}: ${String(error)}`);
  };
  const unlistable = ({ prefix, error, isLoop }: Unlistable) => {
    if (isLoop) run.addFinding(`${prefix} leads back to itself and holds nothing; remove it`);
    else giveUp(error, prefix);
  };
  const visit = async (place: SeenRepository) => {
    await run.pace();
    await run.collection?.keep();
    await markRepository(run, place, options).catch((error) => giveUp(error, place.prefix));
    run.counters.repositories += 1;
    run.report({ kind: "progress", phase: "marking repositories", done: run.counters.repositories });
  };
  await forEachRepository(run.store, { visit, unlistable });
  return isComplete;
}

async function markRepository(
  run: GcRun,
  { prefix, seen }: SeenRepository,
  { deletesUntagged, keep, isDryRun, rules: manifestRules }: GcOptions,
): Promise<void> {
  const { store, isYoung, mayBeRelied, pace } = run;
  const name = parseRepositoryName(prefix.slice(repositoriesPrefix.length + 1));
  const scan = await scanRepository(store, { prefix, name, seen, pace });
  for (const problem of scan.problems) run.addFinding(problem);
  if (name !== undefined && scan.hasUploads) run.uploading.push(name);
  if (name !== undefined && !hasDirectories(store)) {
    const { length } = await seen.objects.list(manifestsPrefix(name), { limit: 1 });
    if (length > 0) run.cataloged.add(name);
  }
  // In a cache, eviction decides what is unused: many of its manifests were only asked for by digest.
  const isCached = name !== undefined && (await seen.objects.stat(upstreamKey(name))) !== undefined;
  const keptBy = name === undefined || isCached || keep === undefined || !isCovered(keep, name) ? undefined : keep;
  const pruned = await pruneRepository(store, scan, {
    isYoung,
    mayBeRelied,
    deletesUntagged: (deletesUntagged && !isCached) || keptBy !== undefined,
    manifestRules: isCached ? undefined : manifestRules,
    isDryRun,
    pace,
  });
  countPruned(run, prefix, pruned);
  const isSound = scan.problems.length + pruned.problems.length === 0 && !pruned.isBusy;
  if (name !== undefined && keptBy !== undefined && isSound) await expireTags(run, name, { scan, seen, keep: keptBy });
  for await (const digest of inTurns(pruned.marked)) run.marked.add(digest);
}

function countPruned(run: GcRun, prefix: Key, pruned: Pruned): void {
  const { counters } = run;
  const repository = prefix.slice(repositoriesPrefix.length + 1);
  for (const problem of pruned.problems) run.addFinding(problem);
  if (pruned.isBusy) counters.busy += 1;
  counters.revisions += pruned.revisions.length;
  counters.layerLinks += pruned.layers.length;
  counters.referrers += pruned.entries.length;
  const tell = (what: Removal["what"], subjects: readonly string[], reason: string) => {
    for (const subject of subjects) run.report(removalIn(repository, { what, subject, reason }));
  };
  tell("revision", pruned.revisions, reasons.revision);
  tell("layer link", pruned.layers, reasons.layerLink);
  const entries = pruned.entries.map(({ digest }) => digest);
  tell("referrer entry", entries, reasons.referrerEntry);
  tell("tag directory", pruned.tags, reasons.tagDirectory);
  tell("directory", pruned.directories, reasons.directory);
  if (pruned.isRepositoryGone) {
    run.report(removalIn(repository, { what: "repository", subject: repository, reason: reasons.repository }));
  }
}

async function removeLeftovers(run: GcRun, uploadAgeMs: number): Promise<void> {
  if (!run.isDryRun) await run.store.garbage.tidy();
  const { sessions, temporaryFiles } = await purgeUploads(run.store, uploadAgeMs, {
    isDryRun: run.isDryRun,
    // A walk finds them fast; a listing has shown them all.
    names: hasDirectories(run.store) ? undefined : run.uploading,
    report: (name, id) => run.report(removalIn(name, { what: "upload", subject: id, reason: reasons.upload })),
  });
  run.counters.uploads = sessions;
  run.counters.temporaryFiles = temporaryFiles;
  await removeEmptyDirectories(run);
}
