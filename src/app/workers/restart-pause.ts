// How long a worker that ended is missing before the next one is started.

const firstMs = 100;
const longestMs = 30_000;

/** Twice as long with each failure in a row, so that what cannot start does not keep the machine busy. */
export function restartPauseMs(failures: number): number {
  return Math.min(longestMs, firstMs * 2 ** Math.max(0, failures - 1));
}
