import { expect, test } from "bun:test";
import { createChoreMetrics } from "../../../src/app/observe/chore-metrics.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { samplesOf } from "../../samples.ts";

test("what chores did is counted, and when they last succeeded", async () => {
  const metrics = new Metrics();
  const chores = createChoreMetrics(metrics, () => 5000);
  const before = await samplesOf(metrics);
  chores.collected({ freedBytes: 7, purged: 2, findings: 1 });
  chores.collected("failed");
  chores.collected("busy");
  chores.checked({ bytes: 9, lost: 1, repairable: 0, untidy: 3 });
  chores.checked("failed");
  chores.purged(4);
  chores.synced({ copied: 3, failed: 0, sentBytes: 10 });
  chores.synced({ copied: 1, failed: 2, sentBytes: 5 });
  chores.synced("busy");
  expect(before.some((line) => /timestamp|findings|problems/.test(line))).toBe(false);
  expect(await samplesOf(metrics)).toEqual([
    'registry_gc_runs_total{outcome="done"} 1',
    'registry_gc_runs_total{outcome="failed"} 1',
    'registry_gc_runs_total{outcome="busy"} 1',
    "registry_gc_last_success_timestamp_seconds 5",
    "registry_gc_freed_bytes_total 7",
    "registry_gc_destroyed_total 2",
    "registry_gc_problems 1",
    'registry_verify_runs_total{outcome="done"} 1',
    'registry_verify_runs_total{outcome="failed"} 1',
    "registry_verify_last_success_timestamp_seconds 5",
    "registry_verify_read_bytes_total 9",
    'registry_verify_findings{severity="lost"} 1',
    'registry_verify_findings{severity="repairable"} 0',
    'registry_verify_findings{severity="untidy"} 3',
    "registry_uploads_purged_total 4",
    'registry_sync_runs_total{outcome="done"} 1',
    'registry_sync_runs_total{outcome="failed"} 1',
    'registry_sync_runs_total{outcome="busy"} 1',
    "registry_sync_last_success_timestamp_seconds 5",
    "registry_sync_images_total 4",
    "registry_sync_received_bytes_total 15",
  ]);
});
