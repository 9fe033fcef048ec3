// The root of a store on a filesystem: the directories that have to be there before anything else, and what the
// filesystem can do.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, statfsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode, isFull } from "../lib/system-error.ts";
import type { DurableFiles } from "./durable-file.ts";
import { type Flock, openFlock } from "./flock.ts";
import { hasLockFiles, makeLockFiles } from "./lock-files.ts";
import { hasWorkingLocks } from "./lock-probe.ts";
import { collectorPlace, locksPlace, sharedPlace, transfersPlace, trashPlace } from "./places.ts";
import { makePrivateDirectory } from "./private-places.ts";
import { enterRoot } from "./root-gate.ts";
import { makeTrashDirectories } from "./trash-entries.ts";

const privatePlaces = [collectorPlace, trashPlace, transfersPlace] as const;
/** How long a start waits for another one, or for a collection that makes room. */
const gateWaitMs = 10_000;

/** What was found of a root. */
export interface PreparedRoot {
  /** The disk is read-only and holds a registry already. */
  readonly isReadOnly: boolean;
  /** What an operator should know. */
  readonly warnings: readonly string[];
}

/** Frees one thing after another; ends with an error if nothing is left that may go. */
export type MakeRoom = () => AsyncIterable<unknown>;

/** Makes the directories, and those private that are to be. A full disk that was never prepared is given `makeRoom`. */
export async function prepareRoot(files: DurableFiles, root: string, makeRoom?: MakeRoom): Promise<PreparedRoot> {
  const wasThere = existsSync(root);
  try {
    mkdirSync(join(root, sharedPlace), { recursive: true });
    using gate = isPrepared(root) ? undefined : await enterRoot(openFlock(), root, { waitMs: gateWaitMs });
    const mayFree = gate !== undefined && !isPrepared(root);
    const warnings = await makeDirectories(files, root, mayFree ? makeRoom : undefined);
    if (!wasThere) await files.syncDirectory(dirname(root));
    refuseOtherDevice(root);
    return { isReadOnly: false, warnings: [...warnings, ...warnOfOtherOwner(root)] };
  } catch (error) {
    if (errorCode(error) !== "EROFS" || !existsSync(join(root, sharedPlace))) throw error;
    return { isReadOnly: true, warnings: [] };
  }
}

/** The locks are the last thing to be made: without them no server of ours has started here, and none can add anything. */
function isPrepared(root: string): boolean {
  return existsSync(join(root, locksPlace));
}

async function makeDirectories(files: DurableFiles, root: string, makeRoom?: MakeRoom): Promise<readonly string[]> {
  try {
    return await makeDirectoriesOnce(files, root);
  } catch (error) {
    if (makeRoom === undefined || !isFull(error) || isPrepared(root)) throw error;
  }
  for await (const _freed of makeRoom()) {
    try {
      return await makeDirectoriesOnce(files, root);
    } catch (error) {
      if (!isFull(error) || isPrepared(root)) throw error;
    }
  }
  return await makeDirectoriesOnce(files, root);
}

/** Returns warnings. */
async function makeDirectoriesOnce(files: DurableFiles, root: string): Promise<readonly string[]> {
  const warnings = privatePlaces.map((name) => makePrivateDirectory(join(root, name)));
  for (const directory of makeTrashDirectories(join(root, trashPlace))) await files.syncDirectory(directory);
  warnings.push(makeLocks(join(root, locksPlace)));
  for (const directory of [join(root, locksPlace), root]) await files.syncDirectory(directory);
  // If nothing was missing, no call has yet shown whether the disk can be written.
  accessSync(root, constants.W_OK);
  return warnings.filter((warning) => warning !== undefined);
}

/** All at once, so that whoever sees the directory sees a prepared root; returns a warning. */
function makeLocks(locks: string): string | undefined {
  const unfinished = `${locks}.new`;
  const directory = existsSync(locks) ? locks : unfinished;
  const warning = makePrivateDirectory(directory);
  makeLockFiles(directory);
  if (directory === unfinished) renameSync(unfinished, locks);
  return warning;
}

/** Root can write what it likes, and leaves behind what the owner can neither replace nor open. */
function warnOfOtherOwner(root: string): readonly string[] {
  const { uid } = statSync(join(root, locksPlace));
  if (process.geteuid?.() !== 0 || uid === 0) return [];
  return [
    `${root} belongs to user ${uid}, who cannot open what root writes there; run as that user, as with \`sudo -u\``,
  ];
}

/** Moving a blob into the trash is a rename, which does not leave a device. Single repositories may lie on another. */
function refuseOtherDevice(root: string): void {
  const trash = join(root, trashPlace);
  const v2 = join(root, sharedPlace);
  const algorithms = ["sha256", "sha512"].map((name) => join(v2, "blobs", name));
  for (const place of [
    v2,
    join(v2, "repositories"),
    join(v2, "blobs"),
    ...algorithms,
    ...algorithms.flatMap(linksIn),
  ]) {
    const stat = statSync(place, { throwIfNoEntry: false });
    if (stat !== undefined && stat.dev !== statSync(trash).dev) {
      throw new Error(`${place} and ${trash} are on different devices; mount the data directory as a whole`);
    }
  }
}

/** The symbolic links in a directory; none if it is not there. */
function linksIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const entries = readdirSync(directory, { withFileTypes: true });
  return entries.filter((entry) => entry.isSymbolicLink()).map((entry) => join(directory, entry.name));
}

/** A root with all that a store needs there. */
export interface OpenedRoot {
  /** Undefined if the filesystem does not keep locks apart. */
  readonly flock: Flock | undefined;
  /** What an operator should know. */
  readonly warnings: readonly string[];
}

/** Prepares a root and finds out what its filesystem can do. */
export async function openRoot(files: DurableFiles, root: string, makeRoom?: MakeRoom): Promise<OpenedRoot> {
  const { isReadOnly, warnings } = await prepareRoot(files, root, makeRoom);
  const flock = openWorkingFlock(join(root, locksPlace));
  if (isReadOnly) {
    return { flock, warnings: [`${root} is read-only: pulls are served, pushes and deletes are refused`] };
  }
  const sentence =
    `the filesystem of ${root} has no file locks: run one process only on it, and collect garbage only while that is ` +
    "stopped, with `registry gc --offline`";
  return { flock, warnings: flock === undefined ? [...warnings, sentence] : warnings };
}

/** Locks, or undefined if the filesystem of the lock files does not keep them apart; see lock-probe.ts. */
export function openWorkingFlock(directory: string): Flock | undefined {
  // A read-only disk of another registry: nobody takes anything away there.
  if (!hasLockFiles(directory)) return undefined;
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
