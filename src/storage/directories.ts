// Directories as such: listing them, removing empty ones, sweeping what dead writers left in them.
import { lstatSync, rmdirSync, rmSync, type Stats, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { orElse, type Soon } from "../lib/soon.ts";
import { errorCode } from "../lib/system-error.ts";
import { type DirectoryEntry, readEntries } from "./directory-entries.ts";
import { disk } from "./disk-calls.ts";
import { findObstacle, refuseLoop } from "./obstacles.ts";

/** Whether the error says that something on the way is not there. */
export function isGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
}

/** The same as `statIfThere`, on another thread if the disk is slow; of a symbolic link by itself if it is not followed. */
export async function lookAt(path: string, { isLinkFollowed } = { isLinkFollowed: true }): Promise<Stats | undefined> {
  try {
    return await (isLinkFollowed ? disk.stat(path) : disk.lstat(path));
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** The same at once unless the disk is slow, for who looks at very many. */
export function lookSoon(path: string): Soon<Stats | undefined> {
  return orElse(
    () => disk.stat(path),
    (error) => {
      if (!isGone(error)) throw error;
      return undefined;
    },
  );
}

/** What is there; throws ENOENT if nothing is. */
export async function statThere(path: string): Promise<Stats> {
  const stat = await lookAt(path);
  if (stat === undefined) throw Object.assign(new Error(`ENOENT: ${path}`), { code: "ENOENT" });
  return stat;
}

/** What is at the path, or undefined; a file where a directory is meant has nothing below it. */
export function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** When a directory was made, or what lies directly in it last came or went; undefined if there is none. */
export async function directoryTime(path: string): Promise<number | undefined> {
  const stat = await lookAt(path);
  return stat?.isDirectory() === true ? timeOf(stat) : undefined;
}

/** When it last changed; of a restored backup, when that was. */
export function timeOf({ mtimeMs, ctimeMs }: Pick<Stats, "mtimeMs" | "ctimeMs">): number {
  return Math.max(mtimeMs, ctimeMs);
}

/**
 * Names of the directories in a directory, as they come; none if it is not there. `others` hears of what is no directory. Symbolic
 * links count as what they lead to: people move a part of a store to another disk, and what lies there must not look
 * unused. One that leads to nothing, such as a disk that is not mounted, counts as a directory. Throws if the
 * directory, or something on the way to it, is there and cannot be a directory, or leads back to where it lies.
 */
async function* sliceDirectories(path: string, others?: (name: string) => void): AsyncGenerator<readonly string[]> {
  await refuseLoop(path);
  try {
    for await (const entries of readEntries(path)) {
      const isDirectory = ({ name, kind }: DirectoryEntry) =>
        kind === "directory" || (kind === "link" && mayLeadToDirectory(join(path, name)));
      const [directories, rest] = [entries.filter(isDirectory), entries.filter((entry) => !isDirectory(entry))];
      for (const { name } of rest) others?.(name);
      yield directories.map(({ name }) => name);
    }
  } catch (error) {
    const obstacle = isGone(error) ? findObstacle(path) : error;
    if (obstacle !== undefined) throw obstacle;
  }
}

/** All of them. */
export async function directoriesIn(path: string, others?: (name: string) => void): Promise<string[]> {
  const names: string[] = [];
  for await (const slice of sliceDirectories(path, others)) names.push(...slice);
  return names;
}

/** The same one by one, for who may not want all of them. */
export async function* eachDirectory(path: string): AsyncGenerator<string> {
  for await (const slice of sliceDirectories(path)) yield* slice;
}

/** Names of everything in a directory; none if it is not there. */
export async function namesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const entries of readEntries(path)) for (const { name } of entries) names.push(name);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return names;
}

function mayLeadToDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return true;
  }
}

/** Removes a directory if it is empty; false if it stays, because of what is in it or what the disk says. */
export function removeDirectory(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** The same, on another thread if the disk is slow. */
export async function dropDirectory(path: string): Promise<boolean> {
  try {
    await disk.rmdir(path);
    return true;
  } catch {
    return false;
  }
}

/** How much there is in a directory and below it that is no directory. */
export async function countFiles(path: string): Promise<number> {
  let count = 0;
  try {
    for await (const entries of readEntries(path)) {
      for (const { name, kind } of entries) count += kind === "directory" ? await countFiles(join(path, name)) : 1;
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  return count;
}

/** Removes empty directories from below and at last this one, up to the first that is not empty; true when it is gone. */
export async function removeEmptyTree(path: string): Promise<boolean> {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) return false;
  for (const name of await directoriesIn(path)) if (!(await removeEmptyTree(join(path, name)))) return false;
  return removeDirectory(path) || statIfThere(path) === undefined;
}

/** Removes whatever is at the path, with all that lies below it; what somebody else removes meanwhile is gone as well. */
export async function removeTree(path: string): Promise<void> {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return rmSync(path, { force: true });
    for await (const entries of readEntries(path)) {
      for (const { name, kind } of entries) {
        if (kind === "directory") await removeTree(join(path, name));
        else rmSync(join(path, name), { force: true });
      }
    }
  } catch (error) {
    if (!isGone(error)) throw error;
  }
  removeDirectory(path);
}

/** Which temporary files go. */
export interface SweepOptions {
  /** Only those that were last changed before this time. */
  readonly beforeMs: number;
  /** They are counted, and stay. */
  readonly isDryRun: boolean;
}

/** Removes `*.tmp` files that nobody writes to any more; returns how many. */
export async function sweepTemporaryFiles(path: string, options: SweepOptions): Promise<number> {
  const open = [path];
  let count = 0;
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    const within = directory;
    const names: string[] = [];
    const read = async () => {
      for await (const entries of readEntries(within)) {
        for (const { name, kind } of entries) {
          if (kind === "directory") open.push(join(within, name));
          else if (name.endsWith(".tmp")) names.push(name);
        }
      }
    };
    // What cannot be listed is not swept.
    await read().catch(() => undefined);
    for (const name of names) if (sweepOne(join(within, name), options)) count += 1;
  }
  return count;
}

function sweepOne(path: string, { beforeMs, isDryRun }: SweepOptions): boolean {
  const stat = statIfThere(path);
  if (stat === undefined || Math.max(stat.mtimeMs, stat.ctimeMs) >= beforeMs) return false;
  if (isDryRun) return true;
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}
