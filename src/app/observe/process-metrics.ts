// The process as metrics, by the names of Prometheus's own libraries. What dashboards of Go programs ask for is there
// too, if it means something here.
import { readdirSync, readFileSync } from "node:fs";
import type { Metrics } from "../../metrics/metrics.ts";
import { readLimit } from "../listening/descriptors.ts";

const pageBytes = 4096;

interface ProcessGauge {
  readonly name: string;
  readonly help: string;
  readonly read: () => number | undefined;
  /** If not the sum is meant of several processes. */
  readonly merging?: "first";
}

const gauges: readonly ProcessGauge[] = [
  { name: "process_open_fds", help: "Open file descriptors", read: () => readdirSync("/proc/self/fd").length },
  { name: "process_max_fds", help: "How many file descriptors may be open", read: () => readLimit() },
  {
    name: "process_resident_memory_bytes",
    help: "Memory that the process holds",
    read: () => process.memoryUsage.rss(),
  },
  {
    name: "process_virtual_memory_bytes",
    help: "Address space that the process uses",
    read: () => Number(readFileSync("/proc/self/statm", "latin1").split(" ")[0]) * pageBytes,
  },
  {
    name: "process_start_time_seconds",
    help: "When the process started, in seconds since 1970",
    read: () => performance.timeOrigin / 1000,
    merging: "first",
  },
  {
    name: "go_threads",
    help: "Threads of the process",
    read: () => Number(/^Threads:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]),
  },
  {
    name: "go_memstats_heap_inuse_bytes",
    help: "Memory that objects of the program take",
    read: () => process.memoryUsage().heapUsed,
  },
  {
    name: "go_memstats_heap_sys_bytes",
    help: "Memory that is set aside for objects of the program",
    read: () => process.memoryUsage().heapTotal,
  },
];

/** Adds the metrics of this process; those that the system does not tell are left out. */
export function addProcessMetrics(metrics: Metrics): void {
  metrics.read(
    "counter",
    { name: "process_cpu_seconds_total", help: "CPU time of the process, user and system" },
    () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  );
  for (const { read, ...options } of gauges) metrics.read("gauge", options, read);
}
