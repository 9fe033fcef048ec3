// Open files. Each has an owner from the moment it is opened, which closes it on every way out: a lock, an upload or a
// transfer that keeps it takes the owner over with `move()`. Nothing else in this folder opens a file by descriptor.
import { closeSync, openSync } from "node:fs";

/** Opens a file that the owner closes; throws the system's error. */
export function openOwned(owner: DisposableStack, path: string, flags: string | number, mode?: number): number {
  return owner.adopt(openSync(path, flags, mode), closeSync);
}
