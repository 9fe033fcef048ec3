// When files are read again: on SIGHUP, and when one of them has changed.
import { unwatchFile, watchFile } from "node:fs";

/** A replaced file has another inode, so its path is looked at rather than the file. */
const lookMs = 2000;

/** Calls `reload`, never twice at once, until it is disposed of. Without files only SIGHUP counts. */
export function reloadOnChange(paths: readonly string[], reload: () => Promise<void>): Disposable {
  let running: Promise<void> = Promise.resolve();
  const next = () => {
    running = running.then(reload);
  };
  process.on("SIGHUP", next);
  for (const path of paths) watchFile(path, { interval: lookMs, persistent: false }, next);
  return {
    [Symbol.dispose]: () => {
      process.off("SIGHUP", next);
      for (const path of paths) unwatchFile(path, next);
    },
  };
}
