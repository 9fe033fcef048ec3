// The engine underestimates the memory of finished chunks, so that streams pile up many before it collects.

/** Counts finished bytes and runs the engine's collector after every `everyBytes` of them. */
export function createSweeper(everyBytes: number, sweep = () => Bun.gc(false)): (doneBytes: number) => void {
  let unsweptBytes = 0;
  return (doneBytes) => {
    unsweptBytes += doneBytes;
    if (unsweptBytes < everyBytes) return;
    unsweptBytes = 0;
    sweep();
  };
}
