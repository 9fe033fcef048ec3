// When the cache evicts: at intervals, and soon after much has arrived.
import { formatSize } from "../../lib/size.ts";
import type { Logger } from "../../log/logger.ts";
import type { EvictionOutcome } from "../../proxy/eviction/eviction.ts";

/** The times of the schedule. */
export interface EvictionTimes {
  /** After the start, so that a server which is restarted often evicts too. */
  readonly firstMs: number;
  readonly intervalMs: number;
  /** From exceeding the limit to the eviction. */
  readonly soonMs: number;
  /** What was used more recently stays. */
  readonly graceMs: number;
}

/** What a schedule works with. */
export interface EvictionDependencies {
  readonly times: EvictionTimes;
  readonly maxBytes: number | undefined;
  readonly evict: () => Promise<EvictionOutcome>;
  readonly logger: Logger;
}

/** A running schedule. */
export interface EvictionSchedule extends Disposable {
  /** Notes that so many bytes have arrived. */
  received(sizeBytes: number): void;
}

const longestMs = 5 * 60_000;
const shortestMs = 1000;
/** Content is evicted within an eighth of its lifetime after that has ended. */
const checksPerLifetime = 8;
/** The share of the limit that may arrive before the size is checked. */
const growthShare = 0.05;

/** Times that suit the shortest lifetime; 0 is for ever. */
export function evictionTimes(ttlsMs: readonly number[]): EvictionTimes {
  const finite = ttlsMs.filter((ttlMs) => ttlMs > 0);
  const clamp = (ms: number, mostMs: number) => Math.min(Math.max(ms, shortestMs), mostMs);
  const shortestTtlMs = finite.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...finite);
  const intervalMs = clamp(shortestTtlMs / checksPerLifetime, longestMs);
  return {
    firstMs: Math.min(60_000, intervalMs),
    intervalMs,
    soonMs: Math.min(10_000, intervalMs),
    graceMs: clamp(shortestTtlMs / checksPerLifetime, 60_000),
  };
}

/** Starts the schedule; its evictions never overlap. */
export function scheduleEviction({ times, maxBytes, evict, logger }: EvictionDependencies): EvictionSchedule {
  let timer: Timer;
  let dueMs = 0;
  let isStopped = false;
  let isRunning = false;
  let newBytes = 0;
  const schedule = (delayMs: number) => {
    clearTimeout(timer);
    dueMs = performance.now() + delayMs;
    timer = setTimeout(run, delayMs);
    timer.unref();
  };
  const run = async () => {
    isRunning = true;
    newBytes = 0;
    try {
      const { revisions, layers, freedBytes } = await evict();
      const freed = formatSize(freedBytes);
      if (revisions + layers + freedBytes > 0) logger.info("evicted from the cache", { revisions, layers, freed });
    } catch (error) {
      logger.error("evicting from the cache failed", { error: String(error) });
    }
    isRunning = false;
    if (!isStopped) schedule(times.intervalMs);
  };
  schedule(times.firstMs);
  return {
    received: (sizeBytes) => {
      newBytes += sizeBytes;
      if (maxBytes === undefined || newBytes < maxBytes * growthShare || isRunning || isStopped) return;
      if (dueMs - performance.now() > times.soonMs) schedule(times.soonMs);
    },
    [Symbol.dispose]: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
