// How long work holds the event loop, and everybody else waits: the longest turn, in processor time of this thread, so
// that other programs on the machine do not count.
import { bindLibc } from "../src/storage/libc.ts";

const threadClock = 3;

/** Milliseconds that this thread has worked so far. */
export function workedMs(): number {
  const clock = bindLibc("clock_gettime", ["i32", "ptr"]);
  const time = new BigInt64Array(2);
  if (clock?.(threadClock, new Uint8Array(time.buffer)) !== 0) throw new Error("there is no clock of the thread");
  return Number(time[0]) * 1000 + Number(time[1]) / 1e6;
}

const attempts = 5;

/** The best time of the one step that cannot be cut: JSON.parse of a manifest with some thousand descriptors. */
function parsingMs(): number {
  const descriptor = { mediaType: "a/b", digest: `sha256:${"a".repeat(64)}`, size: 1, annotations: { "a.b/c": "d" } };
  const text = JSON.stringify({
    layers: Array.from({ length: 5000 }, () => descriptor),
    padding: "x".repeat(2_000_000),
  });
  const times = Array.from({ length: attempts }, () => {
    const beganMs = workedMs();
    JSON.parse(text);
    return workedMs() - beganMs;
  });
  return Math.min(...times);
}

/** What the longest step takes on the machine that these bounds were set on. */
const usualParsingMs = 0.6;

/**
 * A turn that nobody notices, `usualMs` long on the machine that the bounds were set on. Asked when the work is done: a
 * machine that is slower, or shares its processor at this moment, takes as much longer for the longest step.
 */
export function shortMs(usualMs = 20): number {
  return usualMs * Math.max(1, parsingMs() / usualParsingMs);
}

/** The longest turn of work that can be done again: the best of some times, since a compiler may work in one of them. */
export async function longestTurnOfBestMs(work: () => Promise<unknown>): Promise<number> {
  let bestMs = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < attempts && bestMs >= 20; attempt += 1) {
    bestMs = Math.min(bestMs, await longestTurnMs(work));
  }
  return bestMs;
}

/** Does the work and tells of its longest turn of the event loop; throws what the work throws. */
export async function longestTurnMs(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let isOver = false;
  // What was thrown away before is not this work's to collect.
  Bun.gc(true);
  const next = () => new Promise((resolve) => setImmediate(resolve));
  await next();
  let beganMs = workedMs();
  const watching = (async () => {
    while (!isOver) {
      await next();
      const nowMs = workedMs();
      longestMs = Math.max(longestMs, nowMs - beganMs);
      beganMs = nowMs;
    }
  })();
  try {
    await work();
  } finally {
    isOver = true;
    await watching;
  }
  return longestMs;
}
