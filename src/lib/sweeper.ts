// The engine hardly counts the bytes of chunks that are done with, so that streams pile up many of them before it looks.

/** Takes note of bytes that are done with; has the engine look for garbage after each `everyBytes` of them. */
export function createSweeper(everyBytes: number, sweep = () => Bun.gc(false)): (doneBytes: number) => void {
  let unsweptBytes = 0;
  return (doneBytes) => {
    unsweptBytes += doneBytes;
    if (unsweptBytes < everyBytes) return;
    unsweptBytes = 0;
    sweep();
  };
}
