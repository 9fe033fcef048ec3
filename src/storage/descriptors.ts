// Open files. Each has an owner from the moment it is opened, which closes it on every way out: a lock, an upload or a
// transfer that keeps it takes the owner over with `move()`. Nothing else in this folder opens a file by descriptor.
import { closeSync, fdatasync as fdatasyncCallback, fstatSync, fsync as fsyncCallback, openSync } from "node:fs";
import { promisify } from "node:util";
import { disk } from "./disk-calls.ts";

const fsync = promisify(fsyncCallback);
const fdatasync = promisify(fdatasyncCallback);

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

/**
 * Returns when a file's bytes, or a directory's entries, are on disk. XFS lets an fsync succeed that waits for its log while it
 * shuts down because of an error, and loses what that was for; any look at the file fails from then on.
 */
export async function syncDescriptor(descriptor: number): Promise<void> {
  await fsync(descriptor);
  fstatSync(descriptor);
}

/** The same of a file's bytes, and its size if that has grown. */
export async function syncBytes(descriptor: number): Promise<void> {
  await fdatasync(descriptor);
  fstatSync(descriptor);
}
