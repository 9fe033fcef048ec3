// Metrics by hand: a library would double the start time.
import { type Figures, formatFigures } from "./figures.ts";
import { FigureSet, HistogramSet, type Labels, type MetricOptions, ReadFigure } from "./series.ts";

export type { Labels, MetricOptions } from "./series.ts";

/** A value that only grows. */
export interface Counter {
  add(labels: Labels, amount?: number): void;
}

/** A value that goes up and down. */
export interface Gauge {
  set(labels: Labels, value: number): void;
  add(labels: Labels, amount: number): void;
}

/** A distribution of durations or sizes. */
export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** A value that is looked up when metrics are read; undefined if it cannot be had. */
export type Read = () => number | undefined | Promise<number | undefined>;

/** All metrics of a process. */
export class Metrics {
  readonly #metrics: { figures(): Figures | Promise<Figures> }[] = [];

  /** A counter of this name; the label sets in `initial` are shown with 0 from the start. */
  counter(options: MetricOptions, initial: readonly Labels[] = []): Counter {
    const figures = this.#add(new FigureSet("counter", options));
    for (const labels of initial) figures.at(labels);
    return {
      add: (labels, amount = 1) => {
        figures.at(labels).value += amount;
      },
    };
  }

  /** A gauge of this name. */
  gauge(options: MetricOptions, initial: readonly Labels[] = []): Gauge {
    const figures = this.#add(new FigureSet("gauge", options));
    for (const labels of initial) figures.at(labels);
    return {
      set: (labels, value) => {
        figures.at(labels).value = value;
      },
      add: (labels, amount) => {
        figures.at(labels).value += amount;
      },
    };
  }

  /** A histogram of this name with these upper bounds, in ascending order. */
  histogram(options: MetricOptions, bounds: readonly number[]): Histogram {
    const histograms = this.#add(new HistogramSet(options, bounds));
    return { observe: (labels, value) => histograms.observe(labels, value) };
  }

  /** A value that is looked up each time. */
  read(kind: "counter" | "gauge", options: MetricOptions, read: Read): void {
    this.#add(new ReadFigure(kind, options, read));
  }

  #add<Added extends { figures(): Figures | Promise<Figures> }>(metric: Added): Added {
    this.#metrics.push(metric);
    return metric;
  }

  /** All of it as it is now. */
  figures(): Promise<readonly Figures[]> {
    return Promise.all(this.#metrics.map((metric) => metric.figures()));
  }

  /** All of it in Prometheus's text format. */
  async format(): Promise<string> {
    return formatFigures(await this.figures());
  }
}
