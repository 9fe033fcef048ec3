// Long work beside short requests: everything that may take long steps aside now and then, so that sockets are served
// meanwhile. An await alone does not do that: work whose awaits are all answered at once stays in one turn of the event
// loop, however long it is.

/**
 * Waits for a later turn of the event loop where work has used up this one, or would with a step that is expected to
 * take so long; else returns at once.
 */
export type Pace = (expectedMs?: number) => Promise<void> | undefined;

/** How long a turn may last. It is longer by one step of the work, which should take less than ten. */
const defaultStretchMs = 5;
/** A turn in between that does nothing lets other work go many steps on, and its clients answer. */
const restMs = 1;

interface Waiting {
  readonly expectedMs: number;
  readonly goOn: () => void;
}

/**
 * A pace for all work that shares a thread: what it does between two turns of the event loop counts together. Who has to
 * wait goes on in the order of coming, each by one step, until that turn is used up as well.
 */
export function createPacer(stretchMs: number = defaultStretchMs): Pace {
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
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      next.goOn();
      // It goes on before this does.
      await undefined;
      if (!hasTime(waiting[0]?.expectedMs ?? 0)) break;
    }
    isReleasing = waiting.length > 0;
    if (isReleasing) setTimeout(release, restMs);
  };
  return (expectedMs = 0) => {
    if (waiting.length === 0 && hasTime(expectedMs)) return undefined;
    return new Promise((resolve) => {
      waiting.push({ expectedMs, goOn: resolve });
      if (isReleasing) return;
      isReleasing = true;
      setTimeout(release, restMs);
    });
  };
}

/** The pace of this thread, which has one event loop. */
export const stepAside: Pace = createPacer();

/** As many as take a moment, whatever is done with each that does not wait. */
const itemsOfOneStep = 500;

/** The items one by one, for loops that do not wait for anything: they step aside between some of them. */
export async function* inTurns<T>(items: Iterable<T>): AsyncGenerator<T> {
  let count = 0;
  for (const item of items) {
    count += 1;
    if (count % itemsOfOneStep === 0) await stepAside();
    yield item;
  }
}
