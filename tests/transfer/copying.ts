// Copies between places of the tests, in short words.

import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { ImageCopier, type ImageCopy, startCopyRun } from "../../src/transfer/copy.ts";
import type { CopyEvent } from "../../src/transfer/copy-report.ts";
import { type CopySummary, countCopies } from "../../src/transfer/copy-report.ts";
import type { DestinationPlace, SourcePlace } from "../../src/transfer/place.ts";
import { storeDestination } from "../../src/transfer/store-destination.ts";
import { storeSource } from "../../src/transfer/store-source.ts";
import { named, type Stocked, tagged } from "../registry/stocked.ts";

/** A repository of a store as a source; `registry` tells stores apart. */
export function sourceIn({ registry }: Stocked, name: string, home = "here"): SourcePlace {
  return storeSource(registry.repository(named(name), anonymous()), { registry: home, name: named(name) });
}

/** The same as a destination. */
export function destinationIn({ store, registry }: Stocked, name: string, home = "here"): Promise<DestinationPlace> {
  const repository = registry.repository(named(name), anonymous());
  return storeDestination(store, repository, { home: { registry: home, name: named(name) } });
}

/** What differs from copying the tag v1 to the tag v1. */
export interface CopyChanges extends Partial<Omit<ImageCopy, "tags" | "reference">> {
  readonly tag?: string;
  readonly digest?: Digest;
  readonly signal?: AbortSignal;
}

/** Copies one image; what it came to. */
export async function copied(
  from: SourcePlace,
  to: DestinationPlace,
  { tag = "v1", digest, signal = new AbortController().signal, ...changes }: CopyChanges = {},
): Promise<CopySummary & { readonly digest: Digest; readonly events: readonly CopyEvent[] }> {
  const { report, summary } = countCopies();
  const events: CopyEvent[] = [];
  const run = startCopyRun((event) => {
    events.push(event);
    report(event);
  }, signal);
  const copier = new ImageCopier(from, to, run);
  const tags = digest === undefined ? [tagged(tag)] : [];
  const reference =
    digest === undefined ? ({ kind: "tag", tag: tagged(tag) } as const) : ({ kind: "digest", digest } as const);
  const outcome = await copier.copy({ reference, tags, platform: undefined, withReferrers: false, ...changes });
  await to.finish();
  await to.abandon();
  return { ...summary(), digest: outcome, events };
}
