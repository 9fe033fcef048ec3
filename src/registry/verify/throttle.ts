// Limits the rate at which a check reads, so that the disk is left to requests.
import { setTimeout as pause } from "node:timers/promises";

/** Waits as long as the rate asks for after so many bytes. */
export type Throttle = (sizeBytes: number) => Promise<void>;

/** How much unused time may be caught up on: more would be a burst, such as after the process was frozen. */
const madeUpMs = 1000;
/** The longest wait of a timer. */
const longestWaitMs = 2 ** 31 - 1;

/** Keeps to so many bytes per second, on average; undefined: unlimited. */
export function createThrottle(bytesPerSecond: number | undefined, now: () => number): Throttle {
  let dueMs = now();
  return async (sizeBytes) => {
    if (bytesPerSecond === undefined) return;
    const nowMs = now();
    dueMs = Math.max(dueMs, nowMs - madeUpMs) + (sizeBytes / bytesPerSecond) * 1000;
    const aheadMs = Math.min(dueMs - nowMs, longestWaitMs);
    if (aheadMs > 1) await pause(aheadMs);
  };
}
