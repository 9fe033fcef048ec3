import { expect, test } from "bun:test";
import { addProcessMetrics } from "../../../src/app/observe/process-metrics.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { samplesOf } from "../../samples.ts";

test("the process is measured by Prometheus's names, with values that can be", async () => {
  const metrics = new Metrics();
  addProcessMetrics(metrics);
  const figures = new Map((await samplesOf(metrics)).map((line) => line.split(" ") as [string, string]));
  const of = (name: string) => Number(figures.get(name));
  expect([...figures.keys()]).toEqual([
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_max_fds",
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "process_start_time_seconds",
    "go_threads",
    "go_memstats_heap_inuse_bytes",
    "go_memstats_heap_sys_bytes",
  ]);
  const isSane = [
    of("process_cpu_seconds_total") > 0,
    of("process_open_fds") >= 3 && of("process_open_fds") <= of("process_max_fds"),
    of("process_resident_memory_bytes") > 1e6,
    of("process_virtual_memory_bytes") > of("process_resident_memory_bytes"),
    Math.abs(of("process_start_time_seconds") - Date.now() / 1000) < 24 * 3600,
    of("go_threads") > 1,
    of("go_memstats_heap_inuse_bytes") > 0 && of("go_memstats_heap_sys_bytes") > 0,
  ];
  expect(isSane).toEqual(isSane.map(() => true));
});
