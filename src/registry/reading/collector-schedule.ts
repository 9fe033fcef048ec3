// When garbage will be free, as far as anybody can say beforehand.

/** How garbage is collected. */
export interface CollectorSchedule {
  /** How long something that nobody needs is spared, and then stays in the trash. */
  readonly graceMs: number;
  /** How often the server collects; undefined where only people do, with `registry gc`. */
  readonly intervalMs: number | undefined;
  /** Whether manifests without a tag go too. */
  readonly deletesUntagged: boolean;
}

/** A span of time, in milliseconds since 1970. */
export interface FreeTime {
  readonly fromMs: number;
  readonly byMs: number;
}

/**
 * When something is free that was last touched then and that nobody needs any more: it is spared for the grace, lies in
 * the trash for another one, and each step waits for the next run. Undefined where no run is scheduled.
 */
export function whenFree(
  touchedMs: number,
  { graceMs, intervalMs }: CollectorSchedule,
  nowMs: number,
): FreeTime | undefined {
  if (intervalMs === undefined) return undefined;
  const fromMs = Math.max(nowMs, Math.min(touchedMs, nowMs) + graceMs) + graceMs;
  return { fromMs, byMs: fromMs + 2 * intervalMs };
}

/** The same for what came into the trash then. */
export function whenPurged(
  trashedMs: number,
  { graceMs, intervalMs }: CollectorSchedule,
  nowMs: number,
): FreeTime | undefined {
  if (intervalMs === undefined) return undefined;
  const fromMs = Math.max(nowMs, Math.min(trashedMs, nowMs) + graceMs);
  return { fromMs, byMs: fromMs + intervalMs };
}

/** The span of both: from the first that is free until all are. */
export function joinTimes(one: FreeTime | undefined, other: FreeTime | undefined): FreeTime | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return { fromMs: Math.min(one.fromMs, other.fromMs), byMs: Math.max(one.byMs, other.byMs) };
}
