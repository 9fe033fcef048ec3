// One run of garbage collection, as its parts see it.
import { createPacer, type Pace } from "../../lib/pacer.ts";
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Collection } from "../../storage/garbage.ts";
import { DigestSet } from "../digest-set.ts";
import type { ManifestRules } from "../manifest-rules.ts";
import type { Store } from "../store.ts";
import type { KeepRules } from "./keep.ts";
import { type GcCounters, type GcEvent, startCounters } from "./report.ts";

/** How to collect. */
export interface GcOptions {
  /** How long something that nobody needs is spared, and then stays in the trash; 0 spares nothing. */
  readonly graceMs: number;
  /** Whether to remove manifests that no tag, kept index or kept subject leads to. */
  readonly deletesUntagged: boolean;
  /** Which tags stay; absent: all of them. If a rule covers the repository, manifests without a tag are removed too. */
  readonly keep?: KeepRules | undefined;
  /** Which children of an index have to be there. */
  readonly rules: ManifestRules;
  /** Judges and reports everything, and removes nothing. */
  readonly isDryRun: boolean;
  /** The caller knows that no other process uses the store; needed if the store has no locks between processes. */
  readonly isOffline?: boolean | undefined;
  /** How long an upload may be idle before it counts as abandoned. */
  readonly uploadAgeMs: number;
  /** Names the collector, for others that find a collection in progress: process, host, start. */
  readonly note: string;
  readonly report: (event: GcEvent) => void;
}

/** One run, as its parts see it. */
export interface GcRun {
  readonly store: Store;
  /** Undefined if nothing is to be condemned, nor destroyed. */
  readonly collection: Collection | undefined;
  readonly isDryRun: boolean;
  readonly counters: GcCounters;
  readonly marked: DigestSet;
  /** Repositories in which uploads were under way, or left. */
  readonly uploading: RepositoryName[];
  /** Repositories that hold or held a manifest. */
  readonly cataloged: Set<RepositoryName>;
  /** Condemned by an earlier run, and left in their place for some time yet. */
  readonly leftInPlace: Set<Digest>;
  /** Restored from the trash, or in a dry run to be restored. */
  readonly restored: Set<Digest>;
  readonly pace: Pace;
  readonly report: (event: GcEvent) => void;
  readonly addFinding: (problem: string) => void;
  readonly isYoung: (changedMs: number) => boolean;
  /**
   * Whether a manifest that was pushed or promised then may be about to get a tag, or an index, whatever the grace: where
   * nobody waits for anybody, a request that is on its way shows nowhere.
   */
  readonly mayBeRelied: (changedMs: number) => boolean;
  /**
   * Whether bytes that were changed then may have been linked since the links were read. However long a run takes or is
   * frozen, and whatever the clock does meanwhile, it spares what was needed in the half grace before it began.
   */
  readonly mayBeLinked: (changedMs: number) => boolean;
}

/** What a run is started with. */
export type RunOptions = Pick<GcOptions, "graceMs" | "isDryRun" | "report"> & Partial<Pick<GcRun, "collection">>;

/** Starts a run. */
export function startRun(store: Store, { graceMs, isDryRun, report, collection }: RunOptions): GcRun {
  const counters = startCounters();
  const startedMs = store.now();
  return {
    store,
    collection,
    isDryRun,
    counters,
    marked: new DigestSet(),
    uploading: [],
    cataloged: new Set(),
    leftInPlace: new Set(),
    restored: new Set(),
    pace: createPacer(),
    report,
    addFinding: (problem) => {
      counters.findings += 1;
      report({ kind: "finding", problem });
    },
    isYoung: (changedMs) => Math.max(store.now() - changedMs, 0) < graceMs,
    mayBeRelied: (changedMs) => !store.changes.isExclusive && store.now() - changedMs < store.changes.freshMs,
    mayBeLinked: (changedMs) => graceMs > 0 && changedMs >= startedMs - graceMs / 2,
  };
}
