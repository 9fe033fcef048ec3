// What a process holds of its own memory, as Linux tells it.
import { existsSync, readFileSync } from "node:fs";
import { missing } from "./program.ts";

/** Whether it can be told; says why tests are skipped where it cannot. */
export function canReadMemory(): boolean {
  return existsSync("/proc/self/status") || missing("memory is read from /proc, which Linux has");
}

/** Memory that no file stands behind: neither the executable nor the page cache counts. */
export function anonymousBytes(pid: number): number {
  const kibibytes = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kibibytes ?? 0) * 1024;
}
