// What is aimed at, and whether a row meets it.
import { estimate } from "./elsewhere.ts";
import type { Kind, Row } from "./results.ts";
import { median } from "./statistics.ts";

/** How ours stands to the best of the peers, those among them that were measured elsewhere. Smaller is better. */
export interface Standing {
  readonly wall: number | undefined;
  readonly cpu: number | undefined;
}

/** What a row is held to. */
export interface Aim {
  /** Of the best peer's time. */
  readonly wall?: number;
  /** Of the best peer's processor time. */
  readonly cpu?: number;
  /** In the row's own unit. */
  readonly atMost?: number;
}

/** No row may take more of the best peer's processor time than this. */
const cpuAim = 0.9;
/** With a worker for each core, no row may take more of the best peer's time than this. */
const workersAim = 0.6;

const aims: Readonly<Record<string, Aim>> = {
  "push-large": { wall: 0.9 },
  "push-large-chunked": { wall: 0.9 },
  "pull-large": { wall: 1 },
  "pull-large/TLS": { wall: 0.7 },
  "blob-1": { wall: 0.7 },
  "blob-16": { wall: 0.7 },
  "blob-256": { wall: 0.7 },
  "tag-1": { wall: 0.7 },
  "tag-16": { wall: 0.7 },
  "tag-256": { wall: 0.7 },
  "digest-1": { wall: 0.7 },
  "digest-16": { wall: 0.7 },
  "digest-256": { wall: 0.7 },
  "images-one": { wall: 0.6 },
  "images-many": { wall: 0.6 },
  "tags-pages": { wall: 0.3 },
  "tags-whole": { wall: 0.3 },
  "catalog-pages": { wall: 0.3 },
  "catalog-whole": { wall: 0.3 },
  "beside-bulk-p99": { atMost: 20 },
  start: { atMost: 50 },
  idle: { atMost: 50 },
};

const memoryUnderLoadMiB = 128;

/** What the row is held to; undefined where nothing was promised. */
export function aimOf({ id, unit }: Row, options: { readonly hasWorkers: boolean }): Aim | undefined {
  const [work = "", setting = ""] = id.split("@");
  // On a disk ours waits for it and peers do not: what that costs is told, and not judged.
  if (setting !== "memory" && setting !== "memory, TLS") return undefined;
  if (work.startsWith("memory-") && work !== "memory-gc") return { atMost: memoryUnderLoadMiB };
  const own = aims[setting === "memory" ? work : `${work}/TLS`] ?? aims[work];
  if (own?.atMost !== undefined) return own;
  if (unit === "MiB" || work === "gc" || work === "bulk" || work.startsWith("beside-")) return own;
  const cpu = { cpu: cpuAim };
  return options.hasWorkers ? { wall: workersAim, ...cpu } : { ...own, ...cpu };
}

/** The best of the peers, for what the row counts and for processor time. */
export function standingOf(row: Row): Standing {
  const ours = row.series.registry;
  if (ours === undefined) return { wall: undefined, cpu: undefined };
  const measured = Object.entries(row.series).filter(([kind]) => kind !== "registry" && kind !== "undurable");
  const estimated = Object.values(estimate(row));
  const walls = [...measured.map(([, series]) => median(series.values)), ...estimated.map(({ wall }) => wall)];
  const cpus = [...measured.map(([, series]) => median(series.cpu ?? [])), ...estimated.map(({ cpu }) => cpu)];
  return { wall: ratio(median(ours.values), walls), cpu: ratio(median(ours.cpu ?? []), cpus) };
}

function ratio(ours: number, peers: readonly (number | undefined)[]): number | undefined {
  const best = Math.min(
    ...peers.filter((value) => value !== undefined && value > 0 && Number.isFinite(value)).map(Number),
  );
  return Number.isFinite(best) && ours > 0 ? ours / best : undefined;
}

/** The parts of an aim that the row misses; undefined where nothing that is needed to say so was measured. */
export function missesOf(row: Row, aim: Aim): readonly ("wall" | "cpu" | "atMost")[] | undefined {
  const standing = standingOf(row);
  const value = median(row.series.registry?.values ?? []);
  const judged = [
    ["wall", standing.wall, aim.wall],
    ["cpu", standing.cpu, aim.cpu],
    ["atMost", value, aim.atMost],
  ] as const;
  const known = judged.filter(([, is, want]) => want !== undefined && is !== undefined && !Number.isNaN(is));
  if (known.length === 0) return undefined;
  return known.filter(([, is = 0, want = 0]) => is > want).map(([part]) => part);
}

/** The kinds that have a column of their own. */
export function columnsOf(rows: readonly Row[]): readonly Kind[] {
  const order = ["registry", "undurable", "distribution3", "distribution2", "zot", "angos"] as const;
  return order.filter((kind) => rows.some((row) => row.series[kind] !== undefined || kind in estimate(row)));
}
