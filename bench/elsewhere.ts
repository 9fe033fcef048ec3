// Peers that are not on this machine are judged by numbers from another one, where all of them were measured in the same
// run (two cores, data in memory, one client process; distribution 3.1.2 and 2.8.2, zot minimal, Angos 1.6; each built
// from public source): what counts is how they stood to distribution there.
import type { Kind, Row } from "./results.ts";
import { median } from "./statistics.ts";

/** Seconds for each GB, or milliseconds for each request. */
interface Measured {
  readonly cpu: number;
  readonly wall?: number;
}

type Line = Readonly<Partial<Record<Kind, Measured>>>;

const lines: Readonly<Record<string, Line>> = {
  "push-large": {
    distribution3: { cpu: 1.68, wall: 1.76 },
    distribution2: { cpu: 2.84 },
    zot: { cpu: 1.58, wall: 1.73 },
    angos: { cpu: 7.14 },
  },
  "pull-large": {
    distribution3: { cpu: 0.38, wall: 0.49 },
    distribution2: { cpu: 0.34, wall: 0.45 },
    zot: { cpu: 0.28, wall: 0.41 },
    angos: { cpu: 6.04 },
  },
  "pull-large/TLS": {
    distribution3: { cpu: 1.46, wall: 1.41 },
    zot: { cpu: 1.36, wall: 1.45 },
    angos: { cpu: 5.94 },
  },
  "blob-16": {
    distribution3: { cpu: 1.04, wall: 0.66 },
    distribution2: { cpu: 1.37, wall: 0.82 },
    zot: { cpu: 0.095, wall: 0.068 },
    angos: { cpu: 0.32, wall: 1.14 },
  },
  "tag-16": {
    distribution3: { cpu: 0.184, wall: 0.111 },
    distribution2: { cpu: 0.68, wall: 0.4 },
    zot: { cpu: 0.052, wall: 0.042 },
    angos: { cpu: 0.067, wall: 0.04 },
  },
  // Measured with 128 connections.
  "tag-256": {
    distribution3: { cpu: 0.197, wall: 0.113 },
    distribution2: { cpu: 0.65, wall: 0.36 },
    zot: { cpu: 0.051, wall: 0.035 },
    angos: { cpu: 0.068, wall: 0.039 },
  },
  "images-many": {
    distribution3: { cpu: 3.45, wall: 3.48 },
    distribution2: { cpu: 6.7, wall: 5.46 },
    zot: { cpu: 4.85, wall: 4.13 },
    angos: { cpu: 3.2, wall: 2.87 },
  },
};

/** What a row's peers would come to here: those that were measured elsewhere and are not on this machine. */
export function estimate({ id, series }: Row): Readonly<Partial<Record<Kind, { cpu?: number; wall?: number }>>> {
  const line = lineOf(id);
  const reference = (["distribution3", "distribution2"] as const).find(
    (kind) => series[kind] !== undefined && line?.[kind] !== undefined,
  );
  if (line === undefined || reference === undefined) return {};
  const [there, here] = [line[reference], series[reference]];
  const absent = (["zot", "angos"] as const).filter((kind) => series[kind] === undefined && line[kind] !== undefined);
  return Object.fromEntries(
    absent.map((kind) => [
      kind,
      {
        ...scaled("cpu", line[kind]?.cpu, { there: there?.cpu, here: here?.cpu }),
        ...scaled("wall", line[kind]?.wall, { there: there?.wall, here: here?.values }),
      },
    ]),
  );
}

/** Data lay in memory there, so a row on a disk has no line. */
function lineOf(id: string): Line | undefined {
  const [work = "", setting = ""] = id.split("@");
  if (setting === "memory") return lines[work];
  return setting === "memory, TLS" ? lines[`${work}/TLS`] : undefined;
}

function scaled(
  name: "cpu" | "wall",
  value: number | undefined,
  { there, here }: { readonly there: number | undefined; readonly here: readonly number[] | undefined },
) {
  if (value === undefined || there === undefined || here === undefined) return {};
  return { [name]: (value * median(here)) / there };
}
