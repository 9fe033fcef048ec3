// How much a server works: by the clock, other programs on the machine would count too.
import { readFileSync } from "node:fs";

/** Milliseconds that the thread of a process which answers has worked so far. */
export function workedMsOf(pid: number): number {
  const [workedNs] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ");
  return Number(workedNs) / 1e6;
}
