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
  const gc = createRuns(metrics, { name: "gc", what: "Garbage collections", outcomes: ["done", "failed", "busy"] });
  const verify = createRuns(metrics, {
    name: "verify",
    what: "Checks of everything stored",
    outcomes: ["done", "failed"],
  });
  const plain = (name: string, help: string) => metrics.counter({ name, help }, [{}]);
  const freed = plain("registry_gc_freed_bytes_total", "Bytes that collections freed");
  const destroyed = plain("registry_gc_destroyed_total", "Entries of the trash that collections destroyed for good");
  const problems = metrics.gauge({ name: "registry_gc_problems", help: "Problems that the last collection found" });
  const read = plain("registry_verify_read_bytes_total", "Bytes that checks read");
  const findings = metrics.gauge({ name: "registry_verify_findings", help: "What the last check found, by severity" });
  const purged = plain("registry_uploads_purged_total", "Abandoned uploads that were removed");
  const sync = createRuns(metrics, {
    name: "sync",
    what: "Runs that brought mirrors up to date",
    outcomes: ["done", "failed", "busy"],
  });
  const mirrored = plain("registry_sync_images_total", "Images that mirrors brought");
  const received = plain("registry_sync_received_bytes_total", "Bytes of blobs that mirrors brought");
  const succeed = ({ runs, lastSuccess }: Runs) => {
    runs.add({ outcome: "done" });
    lastSuccess.set({}, now() / 1000);
  };
  return {
    collected: (outcome) => {
      if (typeof outcome === "string") return gc.runs.add({ outcome });
      succeed(gc);
      freed.add({}, outcome.freedBytes);
      destroyed.add({}, outcome.purged);
      problems.set({}, outcome.findings);
    },
    checked: (outcome) => {
      if (outcome === "failed") return verify.runs.add({ outcome });
      succeed(verify);
      read.add({}, outcome.bytes);
      for (const severity of ["lost", "repairable", "untidy"] as const) findings.set({ severity }, outcome[severity]);
    },
    purged: (uploads) => purged.add({}, uploads),
    synced: (outcome) => {
      if (typeof outcome === "string") return sync.runs.add({ outcome });
      mirrored.add({}, outcome.copied);
      received.add({}, outcome.sentBytes);
      if (outcome.failed > 0) sync.runs.add({ outcome: "failed" });
      else succeed(sync);
    },
  };
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
