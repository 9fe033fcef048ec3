// What one metric holds: a value or a histogram for each set of labels, and its figures for others.
import type { Figures, Merging, Sample } from "./figures.ts";

/** The labels of a sample. */
export type Labels = Readonly<Record<string, string>>;

/** One metric. */
export interface MetricOptions {
  readonly name: string;
  /** One sentence. */
  readonly help: string;
  /** What becomes of a gauge that several processes have. */
  readonly merging?: Merging;
}

/** Labels come from the configuration and closed sets; this only catches mistakes. */
const maxSeries = 10_000;
/** How long reading a value may take: a disk that hangs must not keep the other metrics from being read. */
const readMs = 1000;

/** One value for each set of labels; those beyond the limit are forgotten. */
class Series<Value> {
  readonly #series = new Map<string, { readonly labels: Labels; readonly value: Value }>();
  readonly #make: () => Value;

  constructor(make: () => Value) {
    this.#make = make;
  }

  at(labels: Labels): Value {
    const key = Object.values(labels).join("\0");
    const known = this.#series.get(key);
    if (known !== undefined) return known.value;
    const value = this.#make();
    if (this.#series.size < maxSeries) this.#series.set(key, { labels, value });
    return value;
  }

  entries(): Iterable<{ readonly labels: Labels; readonly value: Value }> {
    return this.#series.values();
  }
}

/** A counter or a gauge. */
export class FigureSet {
  readonly #kind: "counter" | "gauge";
  readonly #options: MetricOptions;
  readonly #series = new Series(() => ({ value: 0 }));

  constructor(kind: "counter" | "gauge", options: MetricOptions) {
    this.#kind = kind;
    this.#options = options;
  }

  at(labels: Labels): { value: number } {
    return this.#series.at(labels);
  }

  figures(): Figures {
    const samples = [...this.#series.entries()].map(({ labels, value }) =>
      sampleOf(this.#options.name, labels, value.value),
    );
    return { ...this.#options, kind: this.#kind, samples };
  }
}

interface Buckets {
  /** How many values are at most each bound, and above the one before; the last has no bound. */
  readonly counts: number[];
  sum: number;
}

/** A histogram. */
export class HistogramSet {
  readonly #options: MetricOptions;
  readonly #bounds: readonly number[];
  readonly #series: Series<Buckets>;

  constructor(options: MetricOptions, bounds: readonly number[]) {
    this.#options = options;
    this.#bounds = bounds;
    this.#series = new Series(() => ({ counts: Array<number>(bounds.length + 1).fill(0), sum: 0 }));
  }

  observe(labels: Labels, value: number): void {
    const buckets = this.#series.at(labels);
    const index = this.#bounds.findIndex((bound) => value <= bound);
    const bucket = index < 0 ? this.#bounds.length : index;
    buckets.counts[bucket] = (buckets.counts[bucket] ?? 0) + 1;
    buckets.sum += value;
  }

  figures(): Figures {
    const samples = [...this.#series.entries()].flatMap((entry) => this.#samplesOf(entry));
    return { ...this.#options, kind: "histogram", samples };
  }

  #samplesOf({ labels, value: { counts, sum } }: { readonly labels: Labels; readonly value: Buckets }): Sample[] {
    const { name } = this.#options;
    let count = 0;
    const samples = counts.map((here, index) => {
      count += here;
      const bound = this.#bounds[index];
      const le = bound === undefined ? "+Inf" : formatBound(bound);
      return sampleOf(`${name}_bucket`, { ...labels, le }, count);
    });
    return [...samples, sampleOf(`${name}_sum`, labels, sum), sampleOf(`${name}_count`, labels, count)];
  }
}

/** A value that is looked up when it is asked for. */
export class ReadFigure {
  readonly #kind: "counter" | "gauge";
  readonly #options: MetricOptions;
  readonly #read: () => number | undefined | Promise<number | undefined>;

  constructor(
    kind: "counter" | "gauge",
    options: MetricOptions,
    read: () => number | undefined | Promise<number | undefined>,
  ) {
    this.#kind = kind;
    this.#options = options;
    this.#read = read;
  }

  async figures(): Promise<Figures> {
    const value = await this.#readInTime().catch(() => undefined);
    const samples = value === undefined ? [] : [sampleOf(this.#options.name, {}, value)];
    return { ...this.#options, kind: this.#kind, samples };
  }

  async #readInTime(): Promise<number | undefined> {
    const { promise: late, resolve } = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => resolve(undefined), readMs);
    try {
      return await Promise.race([this.#read(), late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function sampleOf(name: string, labels: Labels, value: number): Sample {
  const pairs = Object.entries(labels).map(([label, text]) => {
    return `${label}="${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
  });
  return [`${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`}`, value];
}

/** As Go writes it, so that queries for one bucket find it here too. */
function formatBound(bound: number): string {
  if (bound < 1e6) return String(bound);
  return bound.toExponential().replace(/e\+(\d)$/, "e+0$1");
}
