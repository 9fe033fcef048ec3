// Removing links from one repository: announced first, or under its lock, held exclusively. The lock is never waited for: a
// busy repository is left as it is, and its links count.
import type { Pace } from "../../lib/pacer.ts";
import { errorCode } from "../../lib/system-error.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Removing } from "../../storage/changes.ts";
import { layerLink, layersPrefix, manifestsPrefix, revisionLink } from "../layout.ts";
import type { ManifestRules } from "../manifest-rules.ts";
import type { Store } from "../store.ts";
import { type DanglingOptions, findDangling } from "./dangling.ts";
import { type Pruned, type PrunePlan, type PruneRules, planPrune } from "./plan.ts";
import { predictPruned } from "./predict.ts";
import { type RepositoryScan, type Revision, scanAgain } from "./scan.ts";
import { keysOf, unlinkAll } from "./unlink.ts";

/** How to judge and to remove. */
export interface PruneOptions extends PruneRules {
  /** What manifests name that has to be there; undefined if nothing has to. */
  readonly manifestRules: ManifestRules | undefined;
  readonly isDryRun: boolean;
  readonly pace?: Pace | undefined;
}

/** Removes what nobody needs from a repository that was scanned; a dry run only reports it. */
export async function pruneRepository(store: Store, scan: RepositoryScan, rules: PruneOptions): Promise<Pruned> {
  const { name } = scan;
  if (name !== undefined && !rules.isDryRun) await settleFuture(store, scan, { name, rules });
  const { plan, ...judged } = await judge(store, scan, rules);
  if (judged.problems.length > 0) return keepEverything(scan, judged);
  if (scan.isBusy) return keepEverything(scan, { ...judged, isBusy: true });
  if (name === undefined || !hasCandidates(scan, plan)) return keepEverything(scan, judged);
  if (rules.isDryRun) return await predictPruned(store, name, present(scan, plan));
  // There may be millions of links to check again.
  const keys = keysOf(name, { scan, plan });
  await using removing = await store.changes.removing(name, { keys, waitMs: 0, isLong: true });
  if (removing === undefined) return await keepEverything(scan, { ...judged, isBusy: true });
  try {
    return await pruneAnnounced(store, name, { removing, scan, plan, rules });
  } catch (error) {
    // That took too long; the next run tries again.
    if (errorCode(error) !== "ETIMEDOUT") throw error;
    return await keepEverything(scan, { ...judged, isBusy: true });
  }
}

/** What nobody needs, and what is dangling. */
async function judge(store: Store, scan: RepositoryScan, rules: PruneOptions) {
  const plan = await planPrune(scan, rules);
  const { kept } = plan;
  return { plan, ...(await findDangling(store, scan, { kept, rules: rules.manifestRules, pace: rules.pace })) };
}

/** What was planned before anything was announced. */
interface Planned {
  readonly removing: Removing;
  readonly scan: RepositoryScan;
  readonly plan: PrunePlan;
  readonly rules: PruneOptions;
}

/**
 * Judges again, now that nothing can be added, or that adders see what was announced: what was touched since the scan stays, with
 * all that it names.
 */
async function pruneAnnounced(store: Store, name: RepositoryName, planned: Planned): Promise<Pruned> {
  const { rules } = planned;
  const scan = await scanAgain(store, planned.scan, rules.pace);
  if ("problem" in scan) {
    return keepEverything(planned.scan, { problems: [scan.problem], needed: [...planned.scan.tags.values()] });
  }
  const isTouched = ({ digest, changedMs }: Revision) => planned.scan.revisions.get(digest)?.changedMs !== changedMs;
  const touched = [...scan.revisions.values()].filter(isTouched).map(({ digest }) => digest);
  const judged = await judge(store, scan, { ...rules, roots: new Set(touched) });
  if (judged.problems.length > 0) return keepEverything(planned.scan, judged);
  const plan = await confirmPlan(store, name, { planned, now: judged.plan });
  const directories = await unlinkAll(store, name, { removing: planned.removing, scan, plan, pace: rules.pace });
  const gone = present(scan, plan);
  const isRepositoryGone = gone.isRepositoryGone && !(await hasDirectories(store, name));
  return { ...gone, directories, isRepositoryGone };
}

/** What was planned before too. The links of blobs were not read again, so each is checked here. */
async function confirmPlan(
  store: Store,
  name: RepositoryName,
  { planned, now }: { readonly planned: Planned; readonly now: PrunePlan },
): Promise<PrunePlan> {
  const candidates = new Set([...planned.plan.revisions, ...planned.plan.layers]);
  const layers: Digest[] = [];
  for (const digest of now.layers) {
    if (!candidates.has(digest)) continue;
    await planned.rules.pace?.();
    const stat = await store.objects.stat(layerLink(name, digest));
    if (stat?.changedMs === planned.scan.layers.get(digest)) layers.push(digest);
  }
  return { ...now, revisions: now.revisions.filter((digest) => candidates.has(digest)), layers };
}

/** Whether anything of the repository is left. */
async function hasDirectories(store: Store, name: RepositoryName): Promise<boolean> {
  return (
    (await store.directory.prefixTime(manifestsPrefix(name))) !== undefined ||
    (await store.directory.prefixTime(layersPrefix(name))) !== undefined
  );
}

/** A time in the future, from a wrong clock, is set to now: otherwise the link would stay for ever. */
async function settleFuture(
  store: Store,
  scan: RepositoryScan,
  { name, rules }: { readonly name: RepositoryName; readonly rules: PruneRules },
): Promise<void> {
  const nowMs = store.now();
  // Without a grace nothing is young, and touching a link here would make it look needed.
  const isWrong = (changedMs: number) => changedMs > nowMs && rules.isYoung(changedMs);
  for (const [digest, changedMs] of scan.layers) {
    if (isWrong(changedMs)) await store.objects.renew(layerLink(name, digest));
  }
  for (const { digest, changedMs } of scan.revisions.values()) {
    if (isWrong(changedMs)) await store.objects.renew(revisionLink(name, digest));
  }
}

function hasCandidates(scan: RepositoryScan, { revisions, layers, notes }: PrunePlan): boolean {
  if (scan.problems.length > 0) return false;
  if (scan.isDeleting) return true;
  const directories = scan.vacantTags.length + scan.vacancies.length + notes.length;
  const count = revisions.length + layers.length + scan.staleEntries.length + directories;
  return count > 0 || isEmpty(scan, { revisions: [], layers: [] });
}

function present(scan: RepositoryScan, { revisions, layers, needed }: PrunePlan): Pruned {
  // Two sets, since a digest may be linked both as a manifest and as a blob.
  const goneRevisions = new Set(revisions);
  const goneLayers = new Set(layers);
  const left = [
    ...[...scan.revisions.keys()].filter((digest) => !goneRevisions.has(digest)),
    ...[...scan.layers.keys()].filter((digest) => !goneLayers.has(digest)),
  ];
  return {
    revisions,
    layers,
    tags: scan.vacantTags,
    entries: scan.staleEntries,
    directories: scan.vacancies,
    isRepositoryGone: isEmpty(scan, { revisions, layers }),
    marked: [...left, ...scan.aliases, ...scan.tags.values(), ...needed],
    isBusy: false,
    problems: [],
  };
}

/** Removes nothing, and marks everything that the repository holds, names or would need for a repair. */
export async function keepAll(
  store: Store,
  scan: RepositoryScan,
  { rules, pace }: Pick<DanglingOptions, "rules" | "pace">,
): Promise<Pruned> {
  const kept = new Set(scan.revisions.keys());
  return keepEverything(scan, await findDangling(store, scan, { kept, rules, pace }));
}

/** Why nothing goes, and what else counts as linked. */
interface Kept {
  readonly needed: readonly Digest[];
  readonly problems: readonly string[];
  readonly isBusy?: boolean;
}

async function keepEverything(scan: RepositoryScan, kept: Kept): Promise<Pruned> {
  const { needed, problems, isBusy = false } = kept;
  const plan = await planPrune(scan, { isYoung: () => true, deletesUntagged: false });
  const { marked, ...held } = present(scan, { ...plan, revisions: [], layers: [] });
  const nothing = { tags: [], entries: [], directories: [], isRepositoryGone: false };
  return { ...held, ...nothing, marked: [...marked, ...needed], problems, isBusy };
}

/** Whether the repository has no link, tag or upload apart from what is removed. */
function isEmpty(scan: RepositoryScan, { revisions, layers }: Pick<PrunePlan, "revisions" | "layers">): boolean {
  const isLinked = scan.revisions.size > revisions.length || scan.layers.size > layers.length;
  return !isLinked && scan.tags.size === 0 && !scan.hasUploads && scan.aliases.length === 0;
}
