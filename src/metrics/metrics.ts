// Metrics in the text format of Prometheus, by hand: a library would double the start time.
//
//   # HELP name sentence
//   # TYPE name counter
//   name{label="value"} 3

/** The labels of a sample. */
export type Labels = Readonly<Record<string, string>>;

/** One metric. */
export interface MetricOptions {
  readonly name: string;
  /** One sentence. */
  readonly help: string;
}

interface Sample {
  readonly suffix: string;
  readonly labels: Labels;
  value: number;
}

type Kind = "counter" | "gauge" | "histogram";

/** Labels come from the configuration and closed sets; this only catches mistakes. */
const maxSamples = 10_000;

class Metric {
  readonly options: MetricOptions;
  readonly kind: Kind;
  readonly #samples = new Map<string, Sample>();

  constructor(kind: Kind, options: MetricOptions) {
    this.kind = kind;
    this.options = options;
  }

  sample(labels: Labels, suffix = ""): Sample {
    const key = `${suffix}${formatLabels(labels)}`;
    const known = this.#samples.get(key);
    if (known !== undefined) return known;
    const sample = { suffix, labels, value: 0 };
    if (this.#samples.size < maxSamples) this.#samples.set(key, sample);
    return sample;
  }

  format(): string {
    const { name, help } = this.options;
    const lines = [
      `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
      `# TYPE ${name} ${this.kind}`,
    ];
    for (const { suffix, labels, value } of this.#samples.values()) {
      lines.push(`${name}${suffix}${formatLabels(labels)} ${value}`);
    }
    return lines.join("\n");
  }
}

function formatLabels(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => {
    return `${name}="${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
  });
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

/** A value that only grows. */
export interface Counter {
  add(labels: Labels, amount?: number): void;
}

/** A value that goes up and down. */
export interface Gauge {
  set(labels: Labels, value: number): void;
}

/** A distribution of durations. */
export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** All metrics of a process. */
export class Metrics {
  readonly #metrics: Metric[] = [];

  /** A counter of this name; the label sets in `initial` are shown with 0 from the start. */
  counter(options: MetricOptions, initial: readonly Labels[] = []): Counter {
    const metric = this.#add("counter", options);
    for (const labels of initial) metric.sample(labels);
    return {
      add: (labels, amount = 1) => {
        metric.sample(labels).value += amount;
      },
    };
  }

  /** A gauge of this name. */
  gauge(options: MetricOptions): Gauge {
    const metric = this.#add("gauge", options);
    return {
      set: (labels, value) => {
        metric.sample(labels).value = value;
      },
    };
  }

  /** A histogram of this name with these upper bounds. */
  histogram(options: MetricOptions, bounds: readonly number[]): Histogram {
    const metric = this.#add("histogram", options);
    return {
      observe: (labels, value) => {
        for (const bound of [...bounds, Number.POSITIVE_INFINITY]) {
          const le = bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound);
          metric.sample({ ...labels, le }, "_bucket").value += value <= bound ? 1 : 0;
        }
        metric.sample(labels, "_sum").value += value;
        metric.sample(labels, "_count").value += 1;
      },
    };
  }

  #add(kind: Kind, options: MetricOptions): Metric {
    const metric = new Metric(kind, options);
    this.#metrics.push(metric);
    return metric;
  }

  /** All of it in Prometheus's text format. */
  format(): string {
    return this.#metrics.map((metric) => `${metric.format()}\n`).join("");
  }
}
