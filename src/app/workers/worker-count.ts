// How many processes serve requests.
import { availableParallelism, totalmem } from "node:os";
import { readCoreLimit, readMemoryLimit } from "./control-group.ts";

/** What decides about it. */
export interface WorkerFacts {
  /** `http.workers`; undefined if it is not set, and 0 for one for each core. */
  readonly configured: number | undefined;
  /** Whether there is a configuration file; distribution is one process. */
  readonly hasFile: boolean;
  /** Asked only if it matters: the files of control groups take a while. */
  readonly cores: () => number;
  readonly memoryBytes: () => number;
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
/** Nor more than memory suffices for: under load each stays below this. */
const unaskedBytes = 128 * 1024 * 1024;

/** Decides how many processes serve. */
export function planWorkers({ configured, hasFile, cores, memoryBytes, ...facts }: WorkerFacts): WorkerPlan {
  const affordable = () => Math.max(1, Math.floor(memoryBytes() / unaskedBytes));
  const unasked = () => (hasFile ? 1 : Math.min(cores(), unaskedMost, affordable()));
  const count = configured === 0 ? cores() : (configured ?? unasked());
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
export function usableCores(parallelism = availableParallelism(), quota = readCoreLimit()): number {
  return Math.max(1, Math.min(parallelism, quota === undefined ? parallelism : Math.ceil(quota)));
}

/** How much memory this process may use: that of the machine, or what its control group is given. */
export function usableMemoryBytes(total = totalmem(), limit = readMemoryLimit()): number {
  return Math.min(total, limit ?? total);
}
