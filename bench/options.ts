// The command line of `npm run bench`.
import { parseArgs } from "node:util";
import type { Length } from "./sizes.ts";

/** The parts of a run, in their order. */
export const parts = [
  "resources",
  "small",
  "images",
  "large",
  "mixed",
  "tls",
  "listings",
  "caches",
  "gc",
  "disk",
  "growth",
] as const;

/** One of them. */
export type Part = (typeof parts)[number];

/** What was asked for. */
export interface Options {
  readonly parts: readonly Part[];
  readonly length: Length;
  /** Directories on disks; none: file systems of the benchmark's own, if root runs it. */
  readonly disks: readonly string[];
  readonly workers: number | undefined;
  /** Files: a baseline to compare with, the results in JSON, the page to write tables into. */
  readonly compare: string | undefined;
  readonly json: string | undefined;
  readonly report: string | undefined;
}

/** Shown for --help and after a mistake. */
export const usage = `npm run bench -- [options]: the built executable beside the registries on this machine

  --only PARTS     some of ${parts.join(",")}
  --growth         the same as --only growth: cost over size, with plots
  --all            every part; without it, all but growth
  --quick          small sizes, for a look or a comparison: a minute or two
  --long           large sizes, more rounds
  --workers N      http.workers of ours
  --disk DIR       a directory on a disk, instead of ext4 and xfs in files (repeatable)
  --compare FILE   say what became slower since the run with these results
  --json FILE      write the results
  --report FILE    write tables and plots into a page, between its marks
`;

/** Reads it; undefined where it is not understood. */
export function parseOptions(words: readonly string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args: [...words],
      options: {
        only: { type: "string" },
        growth: { type: "boolean" },
        all: { type: "boolean" },
        quick: { type: "boolean" },
        long: { type: "boolean" },
        workers: { type: "string" },
        disk: { type: "string", multiple: true },
        compare: { type: "string" },
        json: { type: "string" },
        report: { type: "string" },
        help: { type: "boolean" },
      },
    });
    const { only, growth = false, all = false, quick = false, long = false, workers, disk = [], help } = values;
    const chosen = parseParts(only, { growth, all });
    const count = workers === undefined ? undefined : Number(workers);
    const isUnderstood = chosen !== undefined && !(quick && long) && help !== true;
    if (!isUnderstood || (count !== undefined && !(Number.isInteger(count) && count >= 0))) return undefined;
    const { compare, json, report } = values;
    const length = quick ? "quick" : long ? "long" : "usual";
    return { parts: chosen, length, disks: disk, workers: count, compare, json, report };
  } catch {
    return undefined;
  }
}

function parseParts(only: string | undefined, { growth, all }: { growth: boolean; all: boolean }) {
  if ([only !== undefined, growth, all].filter(Boolean).length > 1) return undefined;
  if (growth) return ["growth"] as const;
  if (all) return parts;
  if (only === undefined) return parts.filter((part) => part !== "growth");
  const words = only.split(",");
  return words.every((word) => parts.some((part) => part === word))
    ? parts.filter((part) => words.includes(part))
    : undefined;
}
