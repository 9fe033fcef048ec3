// Open files. Each has an owner from the moment it is opened, which closes it on every way out: a lock, an upload or a
// transfer that keeps it takes the owner over with `move()`. Nothing else in this folder opens a file by descriptor.
import { closeSync, openSync } from "node:fs";
import { disk } from "./disk-calls.ts";

/** Opens a file that the owner closes; throws the system's error. */
export function openOwned(owner: DisposableStack, path: string, flags: string | number, mode?: number): number {
  return owner.adopt(openSync(path, flags, mode), closeSync);
}

/** The same of a file that lies where a disk may be slow. */
export async function openOwnedSoon(
  owner: DisposableStack,
  path: string,
  flags: string | number,
  mode?: number,
): Promise<number> {
  return owner.adopt(await disk.open(path, flags, mode), closeSync);
}
