// When a configuration is read again: on SIGHUP, and when its file has changed.
import { unwatchFile, watchFile } from "node:fs";

/** A replaced file has another inode, so its path is looked at rather than the file. */
const lookMs = 2000;

/** Calls `reload`, never twice at once, until it is disposed of. Without a file only SIGHUP counts. */
export function reloadOnChange(path: string | undefined, reload: () => Promise<void>): Disposable {
  let running: Promise<void> = Promise.resolve();
  const next = () => {
    running = running.then(reload);
  };
  process.on("SIGHUP", next);
  if (path !== undefined) watchFile(path, { interval: lookMs, persistent: false }, next);
  return {
    [Symbol.dispose]: () => {
      process.off("SIGHUP", next);
      if (path !== undefined) unwatchFile(path, next);
    },
  };
}
