// Long work beside short requests: it yields to the event loop now and then, so that sockets are served. An await alone
// does not do that: work whose awaits all resolve at once stays in one turn of the event loop, however long it takes.

/**
 * Waits for a later turn of the event loop if work has used up this one, or would with a step expected to take this
 * long; otherwise returns at once.
 */
export type Pace = (expectedMs?: number) => Promise<void> | undefined;

/** How long a turn may last, plus one step of the work, which should take less than ten. */
const defaultStretchMs = 5;
const restMs = 1;

/** When work that has waited continues. */
export type GoOnLater = (goOn: () => void) => void;

/** An idle turn in between lets other work proceed by many steps, and its clients answer. */
const afterRest: GoOnLater = (goOn) => void setTimeout(goOn, restMs);

/** For work that others also wait for: sockets are served, and it continues at once. */
export const inNextTurn: GoOnLater = (goOn) => void setImmediate(goOn);

interface Waiting {
  readonly expectedMs: number;
  readonly goOn: () => void;
}

/**
 * A pace for all work that shares a thread: what happens between two turns of the event loop counts together. Waiters
 * continue in order of arrival, one step each, until that turn is used up as well.
 */
export function createPacer(stretchMs: number = defaultStretchMs, later: GoOnLater = afterRest): Pace {
  const waiting: Waiting[] = [];
  let isReleasing = false;
  let beganMs: number | undefined;
  const hasTime = (expectedMs: number) => {
    const nowMs = performance.now();
    if (beganMs !== undefined) return nowMs - beganMs + expectedMs < stretchMs;
    beganMs = nowMs;
    setImmediate(() => {
      beganMs = undefined;
    });
    return expectedMs < stretchMs;
  };
  const release = async () => {
    // Whatever else this turn was long for, those who have waited for it get their time.
    beganMs = undefined;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      next.goOn();
      // It continues before this does.
      await undefined;
      if (!hasTime(waiting[0]?.expectedMs ?? 0)) break;
    }
    isReleasing = waiting.length > 0;
    if (isReleasing) later(release);
  };
  return (expectedMs = 0) => {
    if (waiting.length === 0 && hasTime(expectedMs)) return undefined;
    return new Promise((resolve) => {
      waiting.push({ expectedMs, goOn: resolve });
      if (isReleasing) return;
      isReleasing = true;
      later(release);
    });
  };
}

/**
 * How long all calls on the store together may take of a turn. A request's few calls wait behind a listing of 100,000 in
 * each turn: with five milliseconds and a rest, requests that come every five on a connection are late, and then later.
 */
const sharedStretchMs = 2;

/** The pace of this thread, which has one event loop. */
export const stepAside: Pace = createPacer(sharedStretchMs, inNextTurn);

/** Few enough to take a moment, for any synchronous work on each. */
const itemsOfOneStep = 500;

/** The items one by one, for loops that await nothing else: yields to the event loop now and then. */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T> {
  let count = 0;
  for (const item of items) {
    count += 1;
    if (count % itemsOfOneStep === 0) await stepAside();
    yield item;
  }
}
