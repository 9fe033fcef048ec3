// Metrics in Prometheus's text format as plain values for tests.
import type { Metrics } from "../src/metrics/metrics.ts";

/** The samples whose lines match, as `name{labels} value`, without buckets. */
export async function samplesOf(metrics: Metrics, matching = /./): Promise<readonly string[]> {
  const lines = (await metrics.format()).trim().split("\n");
  return lines.filter((line) => !line.startsWith("#") && !line.includes("_bucket") && matching.test(line));
}
