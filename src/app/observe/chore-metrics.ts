// Scheduled work as metrics: collections, checks, removed uploads. What commands do in processes of their own is not seen.
import type { Counter, Gauge, Labels, Metrics } from "../../metrics/metrics.ts";
import type { GcSummary } from "../../registry/gc/report.ts";
import type { VerifySummary } from "../../registry/verify/report.ts";

/** Told of what was done. */
export interface ChoreMetrics {
  collected(outcome: Pick<GcSummary, "purged" | "freedBytes" | "findings"> | "failed" | "busy"): void;
  checked(outcome: Pick<VerifySummary, "bytes" | "lost" | "repairable" | "untidy"> | "failed"): void;
  purged(uploads: number): void;
  synced(
    outcome: { readonly failed: number; readonly copied: number; readonly sentBytes: number } | "failed" | "busy",
  ): void;
}

/** The metrics of one chore. */
interface Runs {
  readonly runs: Counter;
  readonly lastSuccess: Gauge;
}

/** Counts what is done; `now` is in milliseconds since 1970. */
export function createChoreMetrics(metrics: Metrics, now: () => number): ChoreMetrics {
  const succeed = ({ runs, lastSuccess }: Runs) => {
    runs.add({ outcome: "done" });
    lastSuccess.set({}, now() / 1000);
  };
  return {
    ...countCollections(metrics, succeed),
    ...countChecks(metrics, succeed),
    ...countPurges(metrics),
    ...countSyncs(metrics, succeed),
  };
}

/** Notes that a run did what it should. */
type Succeed = (runs: Runs) => void;

function countCollections(metrics: Metrics, succeed: Succeed): Pick<ChoreMetrics, "collected"> {
  const gc = createRuns(metrics, { name: "gc", what: "Garbage collections", outcomes: ["done", "failed", "busy"] });
  const freed = plain(metrics, "registry_gc_freed_bytes_total", "Bytes that collections freed");
  const destroyed = plain(
    metrics,
    "registry_gc_destroyed_total",
    "Entries of the trash that collections destroyed for good",
  );
  const problems = metrics.gauge({ name: "registry_gc_problems", help: "Problems that the last collection found" });
  return {
    collected: (outcome) => {
      if (typeof outcome === "string") return gc.runs.add({ outcome });
      succeed(gc);
      freed.add({}, outcome.freedBytes);
      destroyed.add({}, outcome.purged);
      problems.set({}, outcome.findings);
    },
  };
}

function countChecks(metrics: Metrics, succeed: Succeed): Pick<ChoreMetrics, "checked"> {
  const what = "Checks of everything stored";
  const verify = createRuns(metrics, { name: "verify", what, outcomes: ["done", "failed"] });
  const read = plain(metrics, "registry_verify_read_bytes_total", "Bytes that checks read");
  const findings = metrics.gauge({ name: "registry_verify_findings", help: "What the last check found, by severity" });
  return {
    checked: (outcome) => {
      if (outcome === "failed") return verify.runs.add({ outcome });
      succeed(verify);
      read.add({}, outcome.bytes);
      for (const severity of ["lost", "repairable", "untidy"] as const) findings.set({ severity }, outcome[severity]);
    },
  };
}

function countPurges(metrics: Metrics): Pick<ChoreMetrics, "purged"> {
  const purged = plain(metrics, "registry_uploads_purged_total", "Abandoned uploads that were removed");
  return { purged: (uploads) => purged.add({}, uploads) };
}

function countSyncs(metrics: Metrics, succeed: Succeed): Pick<ChoreMetrics, "synced"> {
  const what = "Runs that brought mirrors up to date";
  const sync = createRuns(metrics, { name: "sync", what, outcomes: ["done", "failed", "busy"] });
  const mirrored = plain(metrics, "registry_sync_images_total", "Images that mirrors brought");
  const received = plain(metrics, "registry_sync_received_bytes_total", "Bytes of blobs that mirrors brought");
  return {
    synced: (outcome) => {
      if (typeof outcome === "string") return sync.runs.add({ outcome });
      mirrored.add({}, outcome.copied);
      received.add({}, outcome.sentBytes);
      if (outcome.failed > 0) sync.runs.add({ outcome: "failed" });
      else succeed(sync);
    },
  };
}

function plain(metrics: Metrics, name: string, help: string): Counter {
  return metrics.counter({ name, help }, [{}]);
}

function createRuns(
  metrics: Metrics,
  { name, what, outcomes }: { readonly name: string; readonly what: string; readonly outcomes: readonly string[] },
): Runs {
  const initial: readonly Labels[] = outcomes.map((outcome) => ({ outcome }));
  return {
    runs: metrics.counter({ name: `registry_${name}_runs_total`, help: `${what} by this server, by outcome` }, initial),
    lastSuccess: metrics.gauge({
      name: `registry_${name}_last_success_timestamp_seconds`,
      help: `When one last ended without a failure, in seconds since 1970: ${what.toLowerCase()}`,
    }),
  };
}
