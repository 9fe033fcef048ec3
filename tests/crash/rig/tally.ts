// What a run of the rig came to.
import { percentile, type Sample } from "./latency.ts";

/** What a collection says at its end. */
interface CollectionSummary {
  readonly kind: string;
  readonly revisions: number;
  readonly layerLinks: number;
  readonly trashed: number;
  readonly purged: number;
  readonly restored: number;
}

/** Counts, and what must not have happened. */
export class Tally {
  readonly counts = new Map<string, number>();
  readonly problems: string[] = [];
  readonly #samples: Sample[] = [];

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  of(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  /** Takes what a collector printed; undefined where it was killed. */
  countCollection(output: string | undefined): void {
    const summary = output === undefined ? undefined : findSummary(output);
    if (output === undefined) this.count("collectors killed");
    else if (summary === undefined) this.count("collections without a summary");
    else {
      this.count("collections");
      for (const what of ["revisions", "layerLinks", "trashed", "purged", "restored"] as const) {
        this.count(`collected: ${what}`, summary[what]);
      }
    }
  }

  /** Takes what bystanders measured. */
  countSamples(samples: readonly Sample[]): void {
    this.#samples.push(...samples);
    this.count("requests of bystanders", samples.length);
  }

  /** How long bystanders waited, in words. */
  #formatSamples(): string {
    const told = (["ms", "wallMs", "queuedMs", "diskMs"] as const).map((what) => {
      const values = this.#samples.map((sample) => sample[what]);
      return `${what} ${[0.5, 0.99, 1].map((share) => Math.round(percentile(values, share))).join("/")}`;
    });
    return `  bystanders, median/p99/longest: ${told.join(", ")}`;
  }

  /** Everything, one line each. */
  format(): string {
    const lines = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, count]) => `  ${what}: ${count}`);
    return [
      ...lines,
      ...(this.#samples.length === 0 ? [] : [this.#formatSamples()]),
      `  lost or wrong: ${this.problems.length}`,
      ...this.problems.map((problem) => `    ${problem}`),
    ].join("\n");
  }
}

function findSummary(output: string): CollectionSummary | undefined {
  const line = output.split("\n").findLast((text) => text.startsWith('{"kind":"summary"'));
  return line === undefined ? undefined : (JSON.parse(line) as CollectionSummary);
}
