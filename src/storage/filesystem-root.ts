// The root of a store on a filesystem: the directories that have to be there before anything else, and what the
// filesystem can do.
import { accessSync, constants, existsSync, mkdirSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../lib/system-error.ts";
import type { DurableFiles } from "./durable-file.ts";
import { lockFiles, makeLockFiles } from "./file-locks.ts";
import { makeTrashDirectories } from "./file-trash.ts";
import { type Flock, hasWorkingLocks, openFlock } from "./flock.ts";

/** Makes the directories; returns true where the disk is read-only and holds a registry already. */
export async function prepareRoot(files: DurableFiles, root: string): Promise<boolean> {
  try {
    const wasThere = existsSync(root);
    mkdirSync(join(root, "locks"), { recursive: true });
    mkdirSync(join(root, "gc"), { recursive: true });
    mkdirSync(join(root, "docker/registry/v2"), { recursive: true });
    makeLockFiles(join(root, "locks"));
    const trashDirectories = makeTrashDirectories(join(root, "trash"));
    for (const directory of [join(root, "locks"), ...trashDirectories, root]) await files.syncDirectory(directory);
    if (!wasThere) await files.syncDirectory(dirname(root));
    // Where nothing was to be made, nothing has told yet.
    accessSync(root, constants.W_OK);
  } catch (error) {
    if (errorCode(error) === "EROFS" && existsSync(join(root, "docker/registry/v2"))) return true;
    throw error;
  }
  refuseOtherDevice(
    join(root, "trash"),
    ["blobs", "repositories", ""].map((name) => join(root, "docker/registry/v2", name)),
  );
  return false;
}

/** Moving into the trash is a rename, which does not leave a device. */
function refuseOtherDevice(trash: string, places: readonly string[]): void {
  for (const place of places) {
    const stat = statSync(place, { throwIfNoEntry: false });
    if (stat !== undefined && stat.dev !== statSync(trash).dev) {
      throw new Error(`${place} and ${trash} are on different devices; mount the data directory as a whole`);
    }
  }
}

/** Locks, or undefined where the filesystem of the lock files does not keep them apart. */
export function openWorkingFlock(directory: string): Flock | undefined {
  try {
    const flock = openFlock();
    return hasWorkingLocks(flock, lockFiles(directory)) ? flock : undefined;
  } catch {
    return undefined;
  }
}

/** tmpfs and ramfs (statfs magic numbers). */
const memoryFilesystems: readonly number[] = [0x01021994, 0x858458f6];

/** Whether the nearest directory that is there lies on tmpfs or ramfs, where there is nothing to write back. */
export function isInMemory(path: string): boolean {
  try {
    return memoryFilesystems.includes(statfsSync(path).type);
  } catch (error) {
    if (errorCode(error) !== "ENOENT" || dirname(path) === path) return false;
    return isInMemory(dirname(path));
  }
}
