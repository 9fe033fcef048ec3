// Checks of the tests, and what they told.

import type { Digest } from "../../../src/oci/digest.ts";
import type { VerifyEvent, VerifySummary } from "../../../src/registry/verify/report.ts";
import { verifyStore } from "../../../src/registry/verify/verify.ts";
import { pushImage, pushIndex, type Stock, type Stocked, stocked } from "../stocked.ts";

/** What a check told, in a form for tables. */
export interface Verified {
  readonly summary: VerifySummary;
  /** Severity and problem of each finding. */
  readonly findings: readonly (readonly [string, string])[];
  readonly repaired: readonly string[];
  /** Why something could not be repaired. */
  readonly failures: readonly string[];
}

/** One check of the whole store. */
export async function verify({ store }: Stock, { isRepairing = false } = {}): Promise<Verified> {
  const events: VerifyEvent[] = [];
  const summary = await verifyStore(store, {
    rules: { urls: "any", children: "all" },
    isRepairing,
    bytesPerSecond: undefined,
    uploadAgeMs: 3_600_000,
    report: (event) => void events.push(event),
  });
  return {
    summary,
    findings: events.flatMap((event) => (event.kind === "finding" ? [[event.severity, event.problem] as const] : [])),
    failures: events.flatMap((event) => (event.kind === "unrepaired" ? [event.reason] : [])),
    repaired: events.flatMap((event) => (event.kind === "repaired" ? [event.how] : [])),
  };
}

/** A repository with an image under a tag, an index, and a signature. */
export async function sound(): Promise<{
  readonly stock: Stocked;
  readonly image: Digest;
  readonly signature: Digest;
}> {
  const stock = stocked();
  const image = await pushImage(stock, "app", { tag: "1" });
  await pushIndex(stock, "app", { tag: "multi", children: [image] });
  const signature = await pushImage(stock, "app", { layers: ["signature"], subject: image });
  return { stock, image, signature };
}
