// One run of garbage collection, as its parts see it.
import { createPacer, type Pace } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import { DigestSet } from "../digest-set.ts";
import { blobTrashName } from "../layout.ts";
import type { ManifestRules } from "../manifest-rules.ts";
import type { Store } from "../store.ts";
import { type GcCounters, type GcEvent, startCounters } from "./report.ts";

/** How to collect. */
export interface GcOptions {
  /** How long something that nobody needs is left alone, and then lies in the trash; 0 leaves nothing alone. */
  readonly graceMs: number;
  /** Whether manifests go that neither a tag, a kept index nor a kept subject leads to. */
  readonly deletesUntagged: boolean;
  /** Which children of an index have to be there. */
  readonly rules: ManifestRules;
  /** Everything is judged and reported, and nothing taken away. */
  readonly isDryRun: boolean;
  /** Whoever asks for it knows that no other process uses the store: needed where the store keeps none apart. */
  readonly isOffline?: boolean | undefined;
  /** How long an upload may rest before it is given up. */
  readonly uploadAgeMs: number;
  /** Who collects, for whoever finds the collection under way: process, host, start. */
  readonly note: string;
  readonly report: (event: GcEvent) => void;
}

/** One run, as its parts see it. */
export interface GcRun {
  readonly store: Store;
  readonly isDryRun: boolean;
  readonly counters: GcCounters;
  readonly marked: DigestSet;
  /** Brought back from the trash, or in a dry run to be brought back. */
  readonly restored: Set<Digest>;
  readonly pace: Pace;
  readonly report: (event: GcEvent) => void;
  readonly find: (problem: string) => void;
  readonly isYoung: (changedMs: number) => boolean;
  /**
   * Whether bytes that were changed then may have been linked since the links were read. However long a run takes or is
   * frozen, and whatever the clock does meanwhile, it leaves alone what somebody needed in the half grace before it.
   */
  readonly mayBeLinked: (changedMs: number) => boolean;
  /** A name that was never used before. */
  readonly nextTrashName: (digest: Digest) => string;
}

/** A run that begins now. */
export function startRun(
  store: Store,
  { graceMs, isDryRun, report }: Pick<GcOptions, "graceMs" | "isDryRun" | "report">,
): GcRun {
  const counters = startCounters();
  const startedMs = store.now();
  const runId = store.uuid();
  let names = 0;
  return {
    store,
    isDryRun,
    counters,
    marked: new DigestSet(),
    restored: new Set(),
    pace: createPacer(),
    report,
    find: (problem) => {
      counters.findings += 1;
      report({ kind: "finding", problem });
    },
    isYoung: (changedMs) => Math.max(store.now() - changedMs, 0) < graceMs,
    mayBeLinked: (changedMs) => graceMs > 0 && changedMs >= startedMs - graceMs / 2,
    nextTrashName: (digest) => {
      names += 1;
      return `${blobTrashName(digest)}.${startedMs.toString(36)}-${runId}-${names}`;
    },
  };
}
