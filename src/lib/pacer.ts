// Long work beside short requests: it steps aside now and then, so that they are answered meanwhile.

/** Waits a turn of the event loop when the work has gone on for longer than a few milliseconds; else returns at once. */
export type Pace = () => Promise<void> | undefined;

/** How long requests wait for long work. */
const defaultStretchMs = 5;

/** A pace for one piece of long work. */
export function createPacer(stretchMs: number = defaultStretchMs): Pace {
  let turnMs = performance.now();
  return () => {
    if (performance.now() - turnMs < stretchMs) return undefined;
    return new Promise((resolve) =>
      setImmediate(() => {
        turnMs = performance.now();
        resolve();
      }),
    );
  };
}
