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

const repetitions = 4;

/**
 * How much more memory the process holds after each repetition of the work, on average. A leak is in each of them; what the
 * engine has not collected yet at one moment is in one.
 */
export async function grownBytesEach(pid: number, work: () => Promise<void>): Promise<number> {
  const beforeBytes = anonymousBytes(pid);
  for (let repetition = 0; repetition < repetitions; repetition += 1) await work();
  const grownBytes = (anonymousBytes(pid) - beforeBytes) / repetitions;
  const kibibytes = (bytes: number) => `${Math.round(bytes / 1024)} KiB`;
  console.log(`RssAnon: ${kibibytes(beforeBytes)}, and ${kibibytes(grownBytes)} more with each repetition`);
  return grownBytes;
}
