// The root of a store on a filesystem: the directories that have to be there before anything else, and what the
// filesystem can do.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../lib/system-error.ts";
import type { DurableFiles } from "./durable-file.ts";
import { lockFiles, makeLockFiles } from "./file-locks.ts";
import { makeTrashDirectories } from "./file-trash.ts";
import { type Flock, openFlock } from "./flock.ts";
import { hasWorkingLocks } from "./lock-probe.ts";
import { makePrivateDirectory } from "./private-places.ts";

const privateNames = ["locks", "gc", "trash", "proxy"] as const;

/** What was found of a root. */
export interface PreparedRoot {
  /** The disk is read-only and holds a registry already. */
  readonly isReadOnly: boolean;
  /** What an operator should know. */
  readonly warnings: readonly string[];
}

/** Makes the directories, and those private that are to be. */
export async function prepareRoot(files: DurableFiles, root: string): Promise<PreparedRoot> {
  let warnings: readonly string[];
  try {
    const wasThere = existsSync(root);
    mkdirSync(join(root, "docker/registry/v2"), { recursive: true });
    warnings = privateNames.flatMap((name) => makePrivateDirectory(join(root, name)) ?? []);
    makeLockFiles(join(root, "locks"));
    const trashDirectories = makeTrashDirectories(join(root, "trash"));
    for (const directory of [join(root, "locks"), ...trashDirectories, root]) await files.syncDirectory(directory);
    if (!wasThere) await files.syncDirectory(dirname(root));
    // Where nothing was to be made, nothing has told yet.
    accessSync(root, constants.W_OK);
  } catch (error) {
    if (errorCode(error) === "EROFS" && existsSync(join(root, "docker/registry/v2"))) {
      return { isReadOnly: true, warnings: [] };
    }
    throw error;
  }
  const v2 = join(root, "docker/registry/v2");
  const algorithms = ["sha256", "sha512"].map((name) => join(v2, "blobs", name));
  const places = [v2, join(v2, "repositories"), join(v2, "blobs"), ...algorithms, ...algorithms.flatMap(linksIn)];
  refuseOtherDevice(join(root, "trash"), places);
  return { isReadOnly: false, warnings: [...warnings, ...warnOfOtherOwner(root)] };
}

/** Root can write what it likes, and leaves behind what the owner can neither replace nor open. */
function warnOfOtherOwner(root: string): readonly string[] {
  const { uid } = statSync(join(root, "locks"));
  if (process.geteuid?.() !== 0 || uid === 0) return [];
  return [
    `${root} belongs to user ${uid}, who cannot open what root writes there; run as that user, as with \`sudo -u\``,
  ];
}

/** Moving a blob into the trash is a rename, which does not leave a device. Single repositories may lie on another. */
function refuseOtherDevice(trash: string, places: readonly string[]): void {
  for (const place of places) {
    const stat = statSync(place, { throwIfNoEntry: false });
    if (stat !== undefined && stat.dev !== statSync(trash).dev) {
      throw new Error(`${place} and ${trash} are on different devices; mount the data directory as a whole`);
    }
  }
}

/** The symbolic links in a directory; none where it is not there. */
function linksIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(directory, entry.name));
}

/** A root with all that a store needs there. */
export interface OpenedRoot {
  /** Undefined where the filesystem does not keep locks apart. */
  readonly flock: Flock | undefined;
  /** What an operator should know. */
  readonly warnings: readonly string[];
}

/** Prepares a root and finds out what its filesystem can do. */
export async function openRoot(files: DurableFiles, root: string): Promise<OpenedRoot> {
  const { isReadOnly, warnings } = await prepareRoot(files, root);
  const flock = openWorkingFlock(join(root, "locks"));
  if (isReadOnly) {
    return { flock, warnings: [`${root} is read-only: pulls are served, pushes and deletes are refused`] };
  }
  const sentence =
    `the filesystem of ${root} has no file locks: run one process only on it, and collect garbage only while that is ` +
    "stopped, with `registry gc --offline`";
  return { flock, warnings: flock === undefined ? [...warnings, sentence] : warnings };
}

/** Locks, or undefined where the filesystem of the lock files does not keep them apart; see lock-probe.ts. */
export function openWorkingFlock(directory: string): Flock | undefined {
  // A read-only disk of another registry: nobody takes anything away there.
  if (!lockFiles(directory).every((path) => existsSync(path))) return undefined;
  const flock = openFlock();
  return hasWorkingLocks(flock, directory) ? flock : undefined;
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
