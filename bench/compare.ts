// What became slower since another run: judged by how ours stood to a peer in each of them, because machines differ, and
// only where it is more than samples of the same thing differ among themselves.
import type { Kind, Results, Row, Series } from "./results.ts";
import { median, spread } from "./statistics.ts";

/** One number of one row, then and now. */
export interface Change {
  readonly work: string;
  readonly what: "time" | "CPU" | "amount";
  /** Now as a part of then: 1.2 is a fifth slower. */
  readonly factor: number;
  /** What a factor may be without meaning anything. */
  readonly noise: number;
}

/** Less than this is never called a change: runs on a quiet machine differ by as much. */
const leastNoise = 0.15;
/** So many times what samples of one run lie apart. */
const spreads = 3;

/** The numbers that are larger now than noise explains, the worst first. */
export function findSlower(before: Results, now: Results): readonly Change[] {
  return changesOf(before, now)
    .filter(({ factor, noise }) => factor > noise)
    .sort((a, b) => b.factor - a.factor);
}

/** Every number that both runs have. */
export function changesOf(before: Results, now: Results): readonly Change[] {
  const known = new Map(before.rows.map((row) => [row.id, row]));
  return now.rows.flatMap((row) => {
    const old = known.get(row.id);
    if (old === undefined || old.unit !== row.unit) return [];
    const reference = referenceOf(old, row);
    if (row.unit === "MiB") return change(row.work, "amount", { old, row, reference: undefined, pick: valuesOf });
    return [
      ...change(row.work, "time", { old, row, reference, pick: valuesOf }),
      ...change(row.work, "CPU", { old, row, reference, pick: ({ cpu }) => cpu ?? [] }),
    ];
  });
}

interface Compared {
  readonly old: Row;
  readonly row: Row;
  readonly reference: Kind | undefined;
  readonly pick: (series: Series) => readonly number[];
}

const valuesOf = ({ values }: Series) => values;

/** A peer that is in both. Its own changes are the machine's. */
function referenceOf(old: Row, row: Row): Kind | undefined {
  return (["distribution3", "distribution2", "zot", "angos"] as const).find(
    (kind) => old.series[kind] !== undefined && row.series[kind] !== undefined,
  );
}

function change(work: string, what: Change["what"], { old, row, reference, pick }: Compared): readonly Change[] {
  const samples = [old, row].flatMap(({ series }) => [
    pick(series.registry ?? { values: [] }),
    ...(reference === undefined ? [] : [pick(series[reference] ?? { values: [] })]),
  ]);
  const [then, now] = [old, row].map(({ series }) => {
    const ours = median(pick(series.registry ?? { values: [] }));
    return reference === undefined ? ours : ours / median(pick(series[reference] ?? { values: [] }));
  });
  const factor = (now ?? Number.NaN) / (then ?? Number.NaN);
  if (!Number.isFinite(factor)) return [];
  const apart = samples.reduce((sum, values) => sum + spread(values), 0);
  return [{ work, what, factor, noise: 1 + Math.max(leastNoise, spreads * apart) }];
}

/** What is printed: a line for each, or that there is none. */
export function formatSlower(slower: readonly Change[], compared: number): string {
  if (slower.length === 0) return `Nothing became slower than noise explains (${compared} numbers compared).`;
  const lines = slower.map(
    ({ work, what, factor, noise }) =>
      `- ${work}: ${what} is ${factor.toFixed(2)} times what it was (noise explains ${noise.toFixed(2)})`,
  );
  return [`Slower than noise explains (${slower.length} of ${compared} numbers):`, ...lines].join("\n");
}
