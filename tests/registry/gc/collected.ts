// Collections of the tests, and what they told.
import type { Digest } from "../../../src/oci/digest.ts";
import { collectGarbage } from "../../../src/registry/gc/gc.ts";
import type { KeepRules } from "../../../src/registry/gc/keep.ts";
import type { GcEvent, GcSummary, Removal } from "../../../src/registry/gc/report.ts";
import { blobKey } from "../../../src/registry/layout.ts";
import type { ManifestRules } from "../../../src/registry/manifest-rules.ts";
import type { Stock } from "../stocked.ts";

/** The grace of the tests' collections. */
export const graceMs = 60_000;
/** What of a collection differs from the plainest one. */
export interface CollectOptions {
  readonly isOffline?: boolean;
  readonly deletesUntagged?: boolean;
  readonly isDryRun?: boolean;
  readonly graceMs?: number;
  readonly rules?: ManifestRules;
  readonly keep?: KeepRules;
}

/** One run; throws where another one is under way. */
export async function collect({ store }: Stock, options: CollectOptions = {}) {
  const events: GcEvent[] = [];
  const summary = await collectGarbage(store, {
    graceMs,
    deletesUntagged: false,
    isDryRun: false,
    rules: { urls: "any", children: "all" },
    uploadAgeMs: 3_600_000,
    note: "the test",
    report: (event) => void events.push(event),
    ...options,
  });
  if ("heldBy" in summary) throw new Error(summary.heldBy);
  const removals = events
    .filter((event) => event.kind === "removal")
    .map(({ what, subject }) => [what, subject] as readonly [Removal["what"], string]);
  const findings = events.flatMap((event) => (event.kind === "finding" ? [event.problem] : []));
  return { summary, removals, findings };
}

/** Two runs with the grace between them: the second destroys what the first put into the trash. */
export async function collectTwice(stock: Stock, options: CollectOptions = {}): Promise<GcSummary> {
  stock.wait(graceMs);
  await collect(stock, options);
  stock.wait(graceMs);
  return (await collect(stock, options)).summary;
}

/** Whether the bytes are in their place. */
export async function hasBlob({ store }: Stock, digest: Digest): Promise<boolean> {
  return (await store.objects.stat(blobKey(digest))) !== undefined;
}
