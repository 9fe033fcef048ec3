// What metrics amount to at one moment: plain values, which other processes can send, to be added up and written together
// in Prometheus's text format.
//
//   # HELP name sentence
//   # TYPE name counter
//   name{label="value"} 3

/** A name with its labels, as it is written, and its value. */
export type Sample = readonly [series: string, value: number];

/**
 * What becomes of a gauge that several processes have: they are added up; or they see the same, and the first one counts; or
 * the least one does. Everything else is added up.
 */
export type Merging = "sum" | "first" | "least";

/** One metric. */
export interface Figures {
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly merging?: Merging;
  readonly samples: readonly Sample[];
}

/** All of them in Prometheus's text format. */
export function formatFigures(all: readonly Figures[]): string {
  return all.map((figures) => `${formatHeader(figures)}${figures.samples.map(formatSample).join("")}`).join("");
}

/** The figures of several processes as those of one, in the order of the first that has them. */
export function mergeFigures(processes: readonly (readonly Figures[])[]): readonly Figures[] {
  const merged = new Map<string, { readonly figures: Figures; readonly values: Map<string, number> }>();
  for (const figures of processes.flat()) {
    const known = merged.get(figures.name) ?? { figures, values: new Map<string, number>() };
    merged.set(figures.name, known);
    for (const [series, value] of figures.samples) {
      const before = known.values.get(series);
      known.values.set(series, before === undefined ? value : merge(before, value, figures.merging));
    }
  }
  return [...merged.values()].map(({ figures, values }) => ({ ...figures, samples: [...values] }));
}

/** What stays of a process that has ended: what it has counted. */
export function countedFigures(all: readonly Figures[]): readonly Figures[] {
  return all.filter(({ kind }) => kind !== "gauge");
}

function merge(before: number, value: number, merging: Merging = "sum"): number {
  if (merging === "first") return before;
  return merging === "least" ? Math.min(before, value) : before + value;
}

function formatHeader({ kind, name, help }: Figures): string {
  const sentence = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return `# HELP ${name} ${sentence}\n# TYPE ${name} ${kind}\n`;
}

function formatSample([series, value]: Sample): string {
  return `${series} ${value === Number.POSITIVE_INFINITY ? "+Inf" : String(value)}\n`;
}
