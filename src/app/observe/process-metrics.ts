// The process as metrics, by the names of Prometheus's own libraries. What dashboards of Go programs ask for is there
// too, if it means something here.
import { readdirSync, readFileSync } from "node:fs";
import type { Metrics } from "../../metrics/metrics.ts";
import { readLimit } from "../listening/descriptors.ts";

const pageBytes = 4096;

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
  const gauge = (name: string, help: string, read: () => number | undefined) =>
    metrics.read("gauge", { name, help }, read);
  gauge("process_open_fds", "Open file descriptors", () => readdirSync("/proc/self/fd").length);
  gauge("process_max_fds", "How many file descriptors may be open", () => readLimit());
  gauge("process_resident_memory_bytes", "Memory that the process holds", () => process.memoryUsage.rss());
  gauge(
    "process_virtual_memory_bytes",
    "Address space that the process uses",
    () => Number(readFileSync("/proc/self/statm", "latin1").split(" ")[0]) * pageBytes,
  );
  metrics.read(
    "gauge",
    {
      name: "process_start_time_seconds",
      help: "When the process started, in seconds since 1970",
      merging: "first",
    },
    () => performance.timeOrigin / 1000,
  );
  gauge("go_threads", "Threads of the process", () =>
    Number(/^Threads:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "latin1"))?.[1]),
  );
  gauge(
    "go_memstats_heap_inuse_bytes",
    "Memory that objects of the program take",
    () => process.memoryUsage().heapUsed,
  );
  gauge(
    "go_memstats_heap_sys_bytes",
    "Memory that is set aside for objects of the program",
    () => process.memoryUsage().heapTotal,
  );
}
