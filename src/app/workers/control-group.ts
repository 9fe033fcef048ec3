// What the control groups of this process allow, on Linux, in both of their versions: containers, systemd.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where the system tells of them. */
export interface GroupPlaces {
  /** Names the groups of this process. */
  readonly own: string;
  readonly mount: string;
}

const usualPlaces: GroupPlaces = { own: "/proc/self/cgroup", mount: "/sys/fs/cgroup" };

/** How many bytes of memory this process may use; undefined if nothing limits it. */
export function readMemoryLimit(places: GroupPlaces = usualPlaces): number | undefined {
  return least([
    tightest("", places, (read) => parseMemory(read("memory.max"))),
    tightest("memory", places, (read) => parseMemory(read("memory.limit_in_bytes"))),
  ]);
}

/** How many cores this process may keep busy; undefined if nothing limits it. */
export function readCoreLimit(places: GroupPlaces = usualPlaces): number | undefined {
  return least([
    tightest("", places, (read) => parseQuota(read("cpu.max"))),
    tightest("cpu", places, (read) => parseQuota(`${read("cpu.cfs_quota_us").trim()} ${read("cpu.cfs_period_us")}`)),
  ]);
}

type ReadGroupFile = (name: string) => string;

/** The tightest limit of this process's group and of those above it. The first version has a tree for each controller. */
function tightest(
  controller: string,
  { own, mount }: GroupPlaces,
  limitOf: (read: ReadGroupFile) => number | undefined,
): number | undefined {
  const limits: (number | undefined)[] = [];
  for (let group = findGroup(readIfThere(own), controller) ?? "/"; ; group = dirname(group)) {
    limits.push(limitOf((name) => readIfThere(join(mount, controller, group, name))));
    if (group === "/") return least(limits);
  }
}

/** A line is `number:controllers:group`; the second version has the number 0 and no controllers. */
function findGroup(text: string, controller: string): string | undefined {
  for (const line of text.split("\n")) {
    const [, controllers = "", group] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (group !== undefined && controllers.split(",").includes(controller)) return group;
  }
  return undefined;
}

function least(limits: readonly (number | undefined)[]): number | undefined {
  const known = limits.filter((limit) => limit !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Empty if it cannot be read: nothing is limited then, as far as anybody can tell. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Microseconds of CPU time, or `max` or -1, and in how many microseconds. */
function parseQuota(text: string): number | undefined {
  const [, quota, period] = /^(\d+) (\d+)\s*$/.exec(text) ?? [];
  return quota === undefined || Number(period) === 0 ? undefined : Number(quota) / Number(period);
}

/** Bytes, or `max`; the first version has a number near 2^63 for none. */
function parseMemory(text: string): number | undefined {
  const bytes = /^\d+\s*$/.test(text) ? Number(text) : undefined;
  return bytes !== undefined && bytes < Number.MAX_SAFE_INTEGER ? bytes : undefined;
}
