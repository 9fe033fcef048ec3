// Processor time and memory of a server: of its process, of those it started, and of those of them that have ended.
import { readdirSync, readFileSync } from "node:fs";

/** One process, as /proc/PID/stat tells it. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Its own time and that of its children that have ended, in clock ticks. */
  readonly ticks: number;
}

/** Linux counts in hundredths of a second towards programs, whatever its own clock is. */
const ticksPerSecond = 100;

/** Reads a line of /proc/PID/stat. The name in brackets may hold spaces and brackets. */
export function parseStat(text: string): Process | undefined {
  const pid = Number.parseInt(text, 10);
  // From the third field on: state, parent, …; utime, stime, cutime and cstime are fields 14 to 17.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [parent, ...times] = [fields[1], ...fields.slice(11, 15)].map(Number);
  const ticks = times.reduce((sum, time) => sum + time, 0);
  if (parent === undefined || !Number.isInteger(pid) || times.length < 4 || Number.isNaN(ticks + parent))
    return undefined;
  return { pid, parent, ticks };
}

/** The process and all that descend from it. */
export function treeOf(root: number, processes: readonly Process[]): readonly Process[] {
  const tree = processes.filter(({ pid }) => pid === root);
  for (const { pid } of tree) tree.push(...processes.filter((process) => process.parent === pid));
  return tree;
}

function readProcesses(): readonly Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => parseStat(readOrEmpty(`/proc/${pid}/stat`)))
    .filter((process) => process !== undefined);
}

/** A process may end between the listing and the look. */
function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Seconds of processor time that the tree has used since it began. */
export function processorSeconds(root: number): number {
  const ticks = treeOf(root, readProcesses()).reduce((sum, process) => sum + process.ticks, 0);
  return ticks / ticksPerSecond;
}

/** Memory of the tree: what it holds now (pages that processes share count once), or the most that each ever held. */
export function memoryMiB(root: number, which: "now" | "peak"): number {
  const [file, field] = which === "now" ? ["smaps_rollup", "Pss"] : ["status", "VmHWM"];
  const sizes = treeOf(root, readProcesses()).map(({ pid }) =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readOrEmpty(`/proc/${pid}/${file}`))?.[1] ?? 0),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1024;
}
