// Waiting for something that only trying again can tell.
import { setTimeout as pause } from "node:timers/promises";

/** Pauses between tries, in milliseconds: 1, 2, 4 … 50. */
const firstPauseMs = 1;
const longestPauseMs = 50;

/** Tries until there is a result or the time is over. The first try is made at once, also with a wait of 0. */
export async function tryUntil<T>(
  attempt: () => T | undefined | Promise<T | undefined>,
  waitMs: number,
): Promise<T | undefined> {
  const endMs = performance.now() + waitMs;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    const result = await attempt();
    if (result !== undefined) return result;
    const leftMs = endMs - performance.now();
    if (leftMs <= 0) return undefined;
    await pause(Math.min(pauseMs, leftMs));
  }
}
