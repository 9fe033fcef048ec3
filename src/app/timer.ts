// Work that is repeated while the server runs.

/** Runs the work after `firstMs` and then every `intervalMs`, never concurrently; `report` receives failures. */
export function repeat(
  work: () => Promise<void>,
  options: { readonly firstMs: number; readonly intervalMs: number; readonly report: (error: unknown) => void },
): Disposable {
  let timer: Timer;
  let isStopped = false;
  const schedule = (delayMs: number) => {
    timer = setTimeout(() => {
      void work()
        .catch(options.report)
        .finally(() => {
          if (!isStopped) schedule(options.intervalMs);
        });
    }, delayMs);
    // The server keeps the process alive, not its chores.
    timer.unref();
  };
  schedule(options.firstMs);
  return {
    [Symbol.dispose]: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
