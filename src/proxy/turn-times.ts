// How long nodes wait for each other's fetches. Pure.
import type { FetchNote } from "./fetch-note.ts";

/** How long nodes wait for each other. */
export interface TurnTimes {
  /** Nobody waits for longer before it fetches by itself. */
  readonly waitMs: number;
  /** Between the first two looks; the pauses grow. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** A fetch that stands still for so long gives no more signs of life. */
  readonly quietMs: number;
}

/** Long enough to spare the upstream what is fetched at once, short enough for clients and for proxies before us. */
export const usualTurnTimes: TurnTimes = {
  waitMs: 20_000,
  firstPauseMs: 100,
  longestPauseMs: 1000,
  quietMs: 10_000,
};

/** Where a wait stands. */
export interface WaitFacts {
  /** How often the claim was looked at, at least once. */
  readonly polls: number;
  readonly waitedMs: number;
  /** What its holder told last. */
  readonly note: Pick<FetchNote, "bytesPerSecond" | "arrivedBytes" | "totalBytes">;
}

/** The pause before the next look; undefined if the blob will not come in time. */
export function planPause({ polls, waitedMs, note }: WaitFacts, times: TurnTimes): number | undefined {
  const leftMs = times.waitMs - waitedMs;
  const { bytesPerSecond, arrivedBytes, totalBytes } = note;
  const isKnown = bytesPerSecond !== undefined && totalBytes !== undefined;
  const needsMs = isKnown ? ((totalBytes - arrivedBytes) * 1000) / bytesPerSecond : 0;
  if (leftMs <= 0 || needsMs > leftMs) return undefined;
  return Math.min(times.firstPauseMs * 1.5 ** (polls - 1), times.longestPauseMs, leftMs);
}
