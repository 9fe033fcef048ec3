// What the control groups of this process allow, on Linux with their second version: containers, systemd.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where the system tells of them. */
export interface GroupPlaces {
  /** Names the group of this process. */
  readonly own: string;
  readonly mount: string;
}

const usualPlaces: GroupPlaces = { own: "/proc/self/cgroup", mount: "/sys/fs/cgroup" };

/** The tightest limit that a file of this process's group, or of one above it, sets; undefined if there is none. */
export function readGroupLimit(
  file: string,
  parse: (text: string) => number | undefined,
  { own, mount }: GroupPlaces = usualPlaces,
): number | undefined {
  let least: number | undefined;
  for (let group = /^0::(\/.*)$/m.exec(readIfThere(own))?.[1] ?? "/"; ; group = dirname(group)) {
    const limit = parse(readIfThere(join(mount, group, file)));
    if (limit !== undefined && (least === undefined || limit < least)) least = limit;
    if (group === "/") return least;
  }
}

/** Empty if it cannot be read: nothing is limited then, as far as anybody can tell. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** The text of `cpu.max`: microseconds of CPU time, or `max`, and in how many microseconds. */
export function parseQuota(text: string): number | undefined {
  const [, quota, period] = /^(\d+) (\d+)\s*$/.exec(text) ?? [];
  return quota === undefined || Number(period) === 0 ? undefined : Number(quota) / Number(period);
}

/** The text of `memory.max`: bytes, or `max`. */
export function parseMemory(text: string): number | undefined {
  return /^\d+\s*$/.test(text) ? Number(text) : undefined;
}
