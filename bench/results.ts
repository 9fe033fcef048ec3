// What a run of the benchmark came to, as it is kept in JSON: every sample of every registry for every piece of work.

/** The registries that can be measured. `undurable` is ours with `storage.filesystem.durable: false`. */
export const kinds = ["registry", "undurable", "distribution3", "distribution2", "zot", "angos"] as const;

/** One of them. */
export type Kind = (typeof kinds)[number];

/** What numbers of a row count. */
export type Unit = "s/GB" | "ms" | "s" | "MiB";

/** The samples of one registry, one of each round. */
export interface Series {
  /** By the clock, or the amount where the unit is no time. */
  readonly values: readonly number[];
  /** Processor time of the server's processes, in the same unit. */
  readonly cpu?: readonly number[];
  /** How long single requests took. */
  readonly p50Ms?: readonly number[];
  readonly p99Ms?: readonly number[];
  readonly maxMs?: readonly number[];
  /** Processor time of the client as a part of one processor's: the client was the limit where it is near 1 for each. */
  readonly client?: readonly number[];
}

/** One piece of work in one setting. */
export interface Row {
  /** Names it from run to run: the work, and the setting after an at sign. */
  readonly id: string;
  readonly work: string;
  readonly unit: Unit;
  readonly series: Readonly<Partial<Record<Kind, Series>>>;
}

/** A cost that grows, or does not: one line for each thing that was measured, over the sizes of one thing. */
export interface Growth {
  readonly id: string;
  readonly title: string;
  /** What the sizes count, and what the values are. */
  readonly over: string;
  readonly unit: string;
  readonly sizes: readonly number[];
  readonly lines: Readonly<Record<string, readonly (number | undefined)[]>>;
  /** Of some lines, the most that their last value is to be. */
  readonly aims?: Readonly<Record<string, number>>;
}

/** A whole run. */
export interface Results {
  readonly machine: string;
  readonly date: string;
  readonly versions: Readonly<Partial<Record<Kind, string>>>;
  /** How many worker processes ours had; undefined: as it comes. */
  readonly workers?: number;
  readonly rows: readonly Row[];
  readonly growth: readonly Growth[];
}
