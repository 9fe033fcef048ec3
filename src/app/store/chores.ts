// Scheduled work of the server: purging uploads, collecting garbage, renewing its certificate.
import { hostname } from "node:os";
import type { Configuration } from "../../config/schema.ts";
import { formatSize } from "../../lib/size.ts";
import type { Logger } from "../../log/logger.ts";
import { collectGarbage } from "../../registry/gc/gc.ts";
import { type RunKind, readLastRun } from "../../registry/last-runs.ts";
import type { Store } from "../../registry/store.ts";
import { purgeUploads } from "../../registry/upload-purge.ts";
import { verifyStore } from "../../registry/verify/verify.ts";
import type { ChoreMetrics } from "../observe/chore-metrics.ts";
import { repeat } from "../timer.ts";
import { keepOf } from "./keep-rules.ts";
import { rulesOf } from "./manifest-rules.ts";

/** What the chores work with. */
export interface ChoreDependencies {
  readonly store: Store;
  /** Renews the certificate, if that is due. */
  readonly renew: () => Promise<void>;
  readonly logger: Logger;
  readonly metrics: ChoreMetrics;
  /** Whether other nodes have the same schedule for the same store: then one of them does what is due. */
  readonly hasOtherNodes?: boolean;
}

const firstPurgeMs = 60_000;
/** Often enough for a one-day certificate, and for a new address of the machine. */
const renewalCheckMs = 3_600_000;
/** A server that is restarted every day still collects every day. */
const firstGcMs = 5 * 60_000;
/** After the first collection, so that they do not both read the disk at once. */
const firstVerifyMs = 60 * 60_000;

type UploadPurging = Configuration["storage"]["maintenance"]["uploadpurging"];

/** Starts them; disposal ends the schedule, not work in progress. */
export function startChores(configuration: Configuration, dependencies: ChoreDependencies): readonly Disposable[] {
  const { renew, logger, metrics } = dependencies;
  const report = (what: string) => (error: unknown) => logger.error(`${what} failed`, { error: String(error) });
  const reportGc = (error: unknown) => {
    metrics.collected("failed");
    report("garbage collection")(error);
  };
  const reportVerify = (error: unknown) => {
    metrics.checked("failed");
    report("the check")(error);
  };
  const { uploadpurging: uploads } = configuration.storage.maintenance;
  const purge = () => purgeAbandoned(uploads, dependencies);
  const purging = { firstMs: Math.min(uploads.interval, firstPurgeMs), intervalMs: uploads.interval };
  return [
    ...(uploads.enabled ? [repeat(purge, { ...purging, report: report("purging uploads") })] : []),
    repeat(renew, { firstMs: renewalCheckMs, intervalMs: renewalCheckMs, report: report("renewing the certificate") }),
    ...(configuration.gc.isOn ? scheduleGc(configuration, dependencies, reportGc) : []),
    ...(configuration.verify.isOn ? [scheduleVerify(configuration, dependencies, reportVerify)] : []),
  ];
}

async function purgeAbandoned(
  { age: ageMs, dryrun: isDryRun }: UploadPurging,
  { store, logger, metrics }: ChoreDependencies,
): Promise<void> {
  const { sessions, temporaryFiles } = await purgeUploads(store, ageMs, {
    isDryRun,
    report: (repository, upload) => {
      if (isDryRun) logger.info("would purge an abandoned upload", { repository, upload });
    },
  });
  if (!isDryRun) metrics.purged(sessions);
  if (sessions + temporaryFiles === 0) return;
  const done = isDryRun ? "would have purged abandoned uploads" : "purged abandoned uploads";
  logger.info(done, { sessions, temporaryFiles });
}

/** The age at which uploads are purged; never if the configuration keeps them. */
export function abandonedAfterMs({ storage }: Configuration): number {
  const { enabled, dryrun, age } = storage.maintenance.uploadpurging;
  return enabled && !dryrun ? age : Number.POSITIVE_INFINITY;
}

function scheduleGc(
  configuration: Configuration,
  { store, logger, metrics, hasOtherNodes }: ChoreDependencies,
  report: (error: unknown) => void,
): readonly Disposable[] {
  if (!store.changes.keepsProcessesApart()) {
    logger.warn("garbage is not collected while this server runs, because the data's filesystem has no file locks");
    return [];
  }
  const { interval: intervalMs, grace: graceMs, deleteuntagged: deletesUntagged } = configuration.gc;
  const collect = async () => {
    if (hasOtherNodes === true && (await hasEndedLately(store, "collection", intervalMs))) return;
    const outcome = await collectGarbage(store, {
      graceMs,
      deletesUntagged,
      keep: keepOf(configuration),
      rules: rulesOf(configuration.validation),
      isDryRun: false,
      uploadAgeMs: abandonedAfterMs(configuration),
      note: describeHolder(store.now()),
      report: (event) => {
        if (event.kind === "finding") logger.warn("garbage collection found a problem", { problem: event.problem });
      },
    });
    metrics.collected("heldBy" in outcome ? "busy" : outcome);
    if ("heldBy" in outcome) return logger.info("another garbage collection is in progress", outcome);
    const { freedBytes, ...counted } = outcome;
    logger.info("collected garbage", { ...counted, freed: formatSize(freedBytes) });
  };
  return [repeat(collect, { firstMs: Math.min(intervalMs, firstGcMs), intervalMs, report })];
}

function scheduleVerify(
  configuration: Configuration,
  { store, logger, metrics, hasOtherNodes }: ChoreDependencies,
  report: (error: unknown) => void,
): Disposable {
  const { interval: intervalMs, rate: bytesPerSecond } = configuration.verify;
  const check = async () => {
    const summary = await verifyStore(store, {
      rules: rulesOf(configuration.validation),
      isRepairing: false,
      bytesPerSecond,
      uploadAgeMs: abandonedAfterMs(configuration),
      report: (event) => {
        if (event.kind === "unrepaired") logger.warn("check: a finding could not be noted", { ...event });
        if (event.kind !== "finding") return;
        const { severity, repository, subject, problem } = event;
        const level = severity === "lost" ? "error" : "warn";
        logger[level]("check found a problem", { severity, repository, subject, problem });
      },
    });
    metrics.checked(summary);
    const { bytes, ...counted } = summary;
    logger.info("checked everything stored", { ...counted, read: formatSize(bytes) });
  };
  const checkInTurn = async () => {
    if (await hasEndedLately(store, "check", intervalMs)) return;
    const hold = await store.changes.hold("check", describeHolder(store.now()));
    if ("heldBy" in hold) return logger.info("another node checks everything stored", hold);
    await using _hold = hold;
    await check();
  };
  return repeat(hasOtherNodes === true ? checkInTurn : check, {
    firstMs: Math.min(intervalMs, firstVerifyMs),
    intervalMs,
    report,
  });
}

/** Whether it was done by any node so lately that the next one of the schedule is not due. */
async function hasEndedLately(store: Store, kind: RunKind, intervalMs: number): Promise<boolean> {
  const last = await readLastRun(store, kind);
  return last !== undefined && store.now() - last.endedMs < intervalMs / 2;
}

/** Names the collecting process to others that find a collection in progress. */
export function describeHolder(nowMs: number): string {
  return `process ${process.pid} on ${hostname()}, since ${new Date(nowMs).toISOString().slice(0, 19)}Z`;
}
