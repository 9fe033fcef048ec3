// How many processes serve requests.
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** What decides about it. */
export interface WorkerFacts {
  /** `http.workers`; undefined if it is not set, and 0 for one for each core. */
  readonly configured: number | undefined;
  /** Whether there is a configuration file; distribution is one process. */
  readonly hasFile: boolean;
  readonly cores: number;
  /** Whether the system spreads connections over processes that listen on one port. */
  readonly spreadsConnections: boolean;
  /** Whether the directory's file locks keep processes apart. */
  readonly keepsProcessesApart: boolean;
}

/** How many there are, and what the operator should know of that. */
export interface WorkerPlan {
  readonly count: number;
  readonly warning?: string;
}

/** Without a word about it no more than these. */
const unaskedMost = 4;

/** Decides how many processes serve. */
export function planWorkers({ configured, hasFile, cores, ...facts }: WorkerFacts): WorkerPlan {
  const unasked = hasFile ? 1 : Math.min(cores, unaskedMost);
  const count = configured === 0 ? cores : (configured ?? unasked);
  const obstacle = obstacleTo(facts);
  if (count === 1 || obstacle === undefined) return { count };
  if (configured === undefined) return { count: 1 };
  return { count: 1, warning: `http.workers: one process serves, since ${obstacle}` };
}

function obstacleTo(facts: Pick<WorkerFacts, "spreadsConnections" | "keepsProcessesApart">): string | undefined {
  if (!facts.spreadsConnections) return "this system does not spread connections over several";
  return facts.keepsProcessesApart ? undefined : "the data's filesystem has no file locks to keep several apart";
}

/** Linux alone spreads them; elsewhere the process that listens last gets all of them. */
export const spreadsConnections = process.platform === "linux";

/** How many cores this process may use: those of the machine, or as many as its control group is given. */
export function usableCores(parallelism = availableParallelism(), quota = readQuota()): number {
  return Math.max(1, Math.min(parallelism, quota === undefined ? parallelism : Math.ceil(quota)));
}

/** The CPU time that a second of this process's control group may have; undefined if there is no limit. */
function readQuota(): number | undefined {
  try {
    const group = /^0::(.*)$/m.exec(readFileSync("/proc/self/cgroup", "utf8"))?.[1] ?? "/";
    return parseQuota(readFileSync(`/sys/fs/cgroup${group}/cpu.max`, "latin1"));
  } catch {
    return undefined;
  }
}

/** The text of `cpu.max`: microseconds of CPU time, or `max`, and in how many microseconds. */
export function parseQuota(text: string): number | undefined {
  const [, quota, period] = /^(\d+) (\d+)\s*$/.exec(text) ?? [];
  return quota === undefined || Number(period) === 0 ? undefined : Number(quota) / Number(period);
}
