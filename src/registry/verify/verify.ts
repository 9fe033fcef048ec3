// A check of everything that is stored, beside running servers, pushes and collections. What looks wrong in a
// repository is checked again while nobody writes to it; only what is still wrong then is a finding.
import { setTimeout as pause } from "node:timers/promises";
import { createPacer, type Pace } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import type { Key, Stat } from "../../storage/ports.ts";
import { inspectBlob, quarantineBlob } from "../blob-damage.ts";
import { listBlobs } from "../blob-places.ts";
import { DigestSet } from "../digest-set.ts";
import { noteRun } from "../last-runs.ts";
import { blobKey, repositoriesPrefix, upstreamKey } from "../layout.ts";
import type { ManifestRules } from "../manifest-rules.ts";
import type { Unlistable } from "../repositories.ts";
import { forEachRepository, type SeenRepository } from "../seen-repositories.ts";
import type { Store } from "../store.ts";
import { temporaryAgeMs } from "../upload-purge.ts";
import { viewOf } from "../view.ts";
import { type CountedBlobs, countBlobs } from "./counted-blobs.ts";
import { findBrokenImages } from "./images.ts";
import type { RepositoryCheck } from "./links.ts";
import type { SizeSuspicion } from "./manifests.ts";
import { applyRepair } from "./repair.ts";
import {
  type Severity,
  startVerifyCounters,
  type VerifyCounters,
  type VerifyEvent,
  type VerifyFinding,
  type VerifySummary,
} from "./report.ts";
import { type CheckedRepository, checkRepository } from "./repository.ts";
import { createThrottle, type Throttle } from "./throttle.ts";

/** How to check. */
export interface VerifyOptions {
  readonly rules: ManifestRules;
  readonly isRepairing: boolean;
  /** How many bytes of blobs are read in a second; undefined: without a limit. */
  readonly bytesPerSecond: number | undefined;
  readonly uploadAgeMs: number;
  readonly report: (event: VerifyEvent) => void;
}

interface VerifyRun {
  readonly store: Store;
  readonly options: VerifyOptions;
  readonly counters: VerifyCounters;
  readonly linked: DigestSet;
  /** What cached repositories link: if nobody else does, its bytes can be fetched again. */
  readonly cached: DigestSet;
  readonly sizes: (SizeSuspicion & { readonly repository: string })[];
  readonly damaged: Set<Digest>;
  readonly pace: Pace;
  /** The blobs as they were before anything was checked, of a store that lists all at once. */
  readonly counted: CountedBlobs | undefined;
}

const lockWaitMs = 30_000;
/** Where pushes cannot be locked out, one that was under way has got further after this time. */
const settledMs = 1000;

/** Checks the store once. */
export async function verifyStore(store: Store, options: VerifyOptions): Promise<VerifySummary> {
  const pace = createPacer();
  const run: VerifyRun = {
    store,
    options,
    counters: startVerifyCounters(),
    linked: new DigestSet(),
    cached: new DigestSet(),
    sizes: [],
    damaged: new Set(),
    pace,
    // Before the links: a blob is written before it is linked.
    counted: store.listings === undefined ? undefined : await countBlobs(store, pace),
  };
  await verifyRepositories(run);
  await verifyBlobs(run, createThrottle(options.bytesPerSecond, performance.now.bind(performance)));
  await tellSizes(run);
  await verifyLeftovers(run);
  if (run.counters.lost > 0) {
    for await (const image of findBrokenImages(store, { rules: options.rules, pace: run.pace })) options.report(image);
  }
  await noteRun(store, "check", { ...run.counters });
  return run.counters;
}

async function verifyRepositories(run: VerifyRun): Promise<void> {
  const unlistable: Unlistable[] = [];
  const visit = async (place: SeenRepository) => {
    await run.pace();
    await verifyRepository(run, place).catch((error) => {
      const path = place.prefix.slice(repositoriesPrefix.length + 1);
      return tell(run, { ...untidy(path, `it cannot be checked: ${error}`), severity: "lost", repository: path });
    });
  };
  await forEachRepository(run.store, { visit, unlistable: (place) => void unlistable.push(place) });
  for (const { prefix, error, isLoop } of unlistable) {
    if (isLoop) await tell(run, untidy(prefix, "it leads back to itself and holds nothing; remove it"));
    else await tell(run, { ...untidy(prefix, `not all repositories can be looked at: ${error}`), severity: "lost" });
  }
}

/** A repaired link makes new content reachable; each round goes one level deeper. */
const maxRounds = 10;

async function verifyRepository(run: VerifyRun, { prefix, seen }: SeenRepository): Promise<void> {
  const { store, counters } = run;
  const path = prefix.slice(repositoriesPrefix.length + 1);
  const name = parseRepositoryName(path);
  counters.repositories += 1;
  if (name === undefined) return void (await tell(run, untidy(path, "it is not the name of a repository")));
  const isCached = (await seen.objects.stat(upstreamKey(name))) !== undefined;
  const told = new Set<string>();
  for (let round = 1; ; round += 1) {
    const view = round === 1 ? seen : await viewOf(store, prefix);
    const { checked, findings } = await checkTwice(run, view, { prefix, name, isCached });
    let isMended = false;
    for (const finding of findings) {
      const key = describeFinding(finding);
      if (!told.has(key) && (await tell(run, finding))) isMended = true;
      told.add(key);
    }
    if (isMended && round < maxRounds) continue;
    for (const digest of checked.linked) (isCached ? run.cached : run.linked).add(digest);
    return note(run, path, checked);
  }
}

/**
 * Without the lock, and again under it if something looks wrong; only the second result counts. A store without such a lock is
 * checked twice, and only what is wrong both times counts.
 */
async function checkTwice(
  run: VerifyRun,
  seen: Store,
  { prefix, name, isCached }: { readonly prefix: Key; readonly name: RepositoryName; readonly isCached: boolean },
): Promise<{ readonly checked: CheckedRepository; readonly findings: readonly VerifyFinding[] }> {
  const { store, options, counters } = run;
  const base = { prefix, name, isCached, pace: run.pace };
  const stored = run.counted?.sizes;
  const suspicions: RepositoryCheck = { ...base, store: seen, stored, isLocked: false, findings: [] };
  const checked = await checkRepository(suspicions, options);
  if (suspicions.findings.length + checked.sizes.length === 0) return { checked, findings: [] };
  await using removing = await store.changes.removing(name, { keys: [], waitMs: lockWaitMs });
  if (removing === undefined) {
    counters.unconfirmed += 1;
    return { checked, findings: [] };
  }
  if (!store.changes.isExclusive) await pause(settledMs);
  const confirmed: RepositoryCheck = { ...base, store: await viewOf(store, prefix), isLocked: true, findings: [] };
  const again = await checkRepository(confirmed, options);
  if (store.changes.isExclusive) return { checked: again, findings: confirmed.findings };
  // What a push was changing looks different the second time.
  const before = new Set(suspicions.findings.map(describeFinding));
  return { checked: again, findings: confirmed.findings.filter((finding) => before.has(describeFinding(finding))) };
}

/** Identifies a finding. */
function describeFinding({ subject, problem }: VerifyFinding): string {
  return `${subject} ${problem}`;
}

function note(run: VerifyRun, repository: string, { manifests, sizes }: CheckedRepository): void {
  run.sizes.push(...sizes.map((size) => ({ ...size, repository })));
  run.counters.manifests += manifests;
  const { repositories, bytes } = run.counters;
  run.options.report({ kind: "progress", phase: "checking repositories", done: repositories, bytes });
}

async function verifyBlobs(run: VerifyRun, throttle: Throttle): Promise<void> {
  const { store, counters, options } = run;
  const { count, bytes } = run.counted ?? (await countBlobs(store, run.pace));
  const total = { count, bytes };
  for await (const place of listBlobs(store)) {
    await run.pace();
    if ("unreadable" in place) {
      await tell(run, { ...untidy(place.unreadable, `it cannot be listed: ${place.reason}`), severity: "lost" });
    } else if ("stray" in place) await tell(run, untidy(place.stray, "no blob lies here"));
    else await verifyBlob(run, place.digest, throttle);
    options.report({ kind: "progress", phase: "reading blobs", done: counters.blobs, bytes: counters.bytes, total });
  }
}

async function verifyBlob(run: VerifyRun, digest: Digest, throttle: Throttle): Promise<void> {
  const { store, counters, options } = run;
  const verdict = await inspectBlob(store, digest, throttle);
  if (verdict.kind === "gone") return;
  counters.blobs += 1;
  if (verdict.kind === "whole") {
    counters.bytes += verdict.stat.sizeBytes;
    // It was misread once, by a cable or by memory.
    if (verdict.stat.isDamaged) await noteDamage(run, digest, { judged: verdict.stat, isDamaged: false });
    return;
  }
  run.damaged.add(digest);
  const problem = verdict.kind === "damaged" ? `its bytes hash to ${verdict.actual}` : verdict.reason;
  const severity = severityOf(run, digest);
  await tell(run, { ...untidy(digest, problem), severity });
  if (verdict.kind !== "damaged") return;
  const { stat } = verdict;
  await noteDamage(run, digest, { judged: stat, isDamaged: true });
  if (!options.isRepairing) return;
  if ((await attempt(run, digest, () => quarantineBlob(store, digest, stat))) !== true) return;
  counters.quarantined += 1;
  // What is lost stays lost until it is pushed again; the rest is repaired.
  if (severity !== "lost") counters.repaired += 1;
  options.report({ kind: "repaired", subject: digest, how: "quarantined" });
}

/** So that it counts as missing at once, in every process, and the next push heals it. */
async function noteDamage(
  run: VerifyRun,
  digest: Digest,
  { judged, isDamaged }: { readonly judged: Stat; readonly isDamaged: boolean },
): Promise<void> {
  await attempt(run, digest, () => run.store.directory.noteDamage(blobKey(digest), judged, isDamaged));
}

/** How bad it is that the bytes are not what they should be. */
function severityOf({ linked, cached }: VerifyRun, digest: Digest): Severity {
  if (linked.has(digest)) return "lost";
  return cached.has(digest) ? "repairable" : "untidy";
}

/** A blob that is whole and has another size than a manifest says: the manifest is wrong, and clients refuse the image. */
async function tellSizes(run: VerifyRun): Promise<void> {
  for (const { digest, manifest, expectedBytes, actualBytes, repository } of run.sizes) {
    if (run.damaged.has(digest)) continue;
    const problem = `it says that ${digest} has ${expectedBytes} bytes, but it has ${actualBytes}`;
    await tell(run, { ...untidy(manifest, problem), severity: "lost", repository });
  }
}

async function verifyLeftovers(run: VerifyRun): Promise<void> {
  const count = await run.store.directory.sweepTemporary(temporaryAgeMs, { isDryRun: true });
  if (count > 0) await tell(run, untidy("*.tmp", `${count} files of writers that died; \`registry gc\` removes them`));
}

/** Whether it was repaired. */
async function tell(run: VerifyRun, finding: VerifyFinding): Promise<boolean> {
  const { options, counters, store } = run;
  counters[finding.severity] += 1;
  options.report(finding);
  if (!options.isRepairing || finding.repair === undefined) return false;
  const { repair, subject } = finding;
  const how = await attempt(run, subject, () => applyRepair(store, repair));
  if (how === undefined) return false;
  counters.repaired += 1;
  options.report({ kind: "repaired", subject: finding.subject, how });
  return true;
}

/** A full or read-only disk, or a busy repository, leaves the finding as it is. */
async function attempt<T>(
  { options }: VerifyRun,
  subject: string,
  repair: () => Promise<T | undefined>,
): Promise<T | undefined> {
  try {
    return await repair();
  } catch (error) {
    options.report({ kind: "unrepaired", subject, reason: String(error) });
    return undefined;
  }
}

function untidy(subject: string, problem: string): VerifyFinding {
  return { kind: "finding", severity: "untidy", repository: undefined, subject, problem, repair: undefined };
}
