// Which segments of a journal in a bucket may be taken over, and what of them. Pure.
import type { SegmentRecord } from "./journal-lines.ts";

/** Times of a journal, the same for all nodes. */
export interface JournalTiming {
  /** Without a sign of life for so long, a process no longer works on its segments. */
  readonly lifetimeMs: number;
  /** When nothing has waited in a segment for so long, it goes. */
  readonly idleMs: number;
  /** How often the bucket is told what was delivered. */
  readonly keepEveryMs: number;
  /** How long events wait for a recipient that is not known here, and may be to another node. */
  readonly strangersMs: number;
}

/** Long enough for a pause of a process, short enough for whoever waits for an event. */
export const usualJournalTiming: JournalTiming = {
  lifetimeMs: 60_000,
  idleMs: 1000,
  keepEveryMs: 5000,
  strangersMs: 24 * 3_600_000,
};

/** When processes showed that they live, and whether they have ended. */
export type Holders = ReadonlyMap<string, { readonly changedMs: number; readonly isEnded: boolean }>;

/** What is known when one looks. */
export interface TakeoverFacts {
  /** Of the process that looks. */
  readonly id: string;
  /** By the store's clock. */
  readonly nowMs: number;
  readonly holders: Holders;
  readonly lifetimeMs: number;
}

/** Whether nobody works on a segment that was put then, and that the holder works on or has left. */
export function isFree(
  { holder, changedMs }: { readonly holder: string; readonly changedMs: number },
  { id, nowMs, holders, lifetimeMs }: TakeoverFacts,
): boolean {
  if (holder === "") return true;
  // One's own that one does not know of was put by a request whose answer was lost.
  const sign = holder === id ? undefined : holders.get(holder);
  if (sign?.isEnded === true) return true;
  return Math.max(changedMs, sign?.changedMs ?? 0) + lifetimeMs < nowMs;
}

/** Whether a segment may be free, as far as one can tell without reading it. */
export function mayBeFree(changedMs: number, { nowMs, holders, lifetimeMs }: TakeoverFacts): boolean {
  return changedMs + lifetimeMs < nowMs || [...holders.values()].some(({ isEnded }) => isEnded);
}

/** The records without recipients that are not known here, if they have waited for long enough. */
export function recordsToKeep(
  records: readonly SegmentRecord[],
  { recipients, isOver }: { readonly recipients: ReadonlySet<string>; readonly isOver: boolean },
): readonly SegmentRecord[] {
  if (!isOver) return records;
  return records
    .map(({ waiting, ...record }) => ({ ...record, waiting: waiting.filter((id) => recipients.has(id)) }))
    .filter(({ waiting }) => waiting.length > 0);
}
