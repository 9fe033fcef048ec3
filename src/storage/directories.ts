// Directories as such: listing them, removing empty ones, sweeping what dead writers left in them.
import { type Dirent, lstatSync, readdirSync, rmdirSync, type Stats, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { createPacer } from "../lib/pacer.ts";
import { errorCode } from "../lib/system-error.ts";

/** Whether the error says that something on the way is not there. */
export function isGone(error: unknown): boolean {
  const code = errorCode(error);
  return code === "ENOENT" || code === "ENOTDIR";
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

/**
 * Names of the directories in a directory; none where it is not there. Symbolic links count as what they lead to: people
 * move a part of a store to another disk, and what lies there must not look unused. One that leads to nothing, such as
 * a disk that is not mounted, counts as a directory, and throws when it is itself to be listed.
 */
export function directoriesIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() || (entry.isSymbolicLink() && mayLeadToDirectory(join(path, entry.name))))
      .map((entry) => entry.name);
  } catch (error) {
    if (!isGone(error)) throw error;
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return [];
    throw Object.assign(new Error(`${path} is a symbolic link to something that is not there`), { code: "ENOLINK" });
  }
}

function mayLeadToDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return true;
  }
}

/** Removes a directory if it is empty; false where it stays, because of what is in it or what the disk says. */
export function removeDirectory(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}

/** How much there is in a directory and below it that is no directory. */
export function countFiles(path: string): number {
  try {
    return readdirSync(path, { withFileTypes: true }).reduce(
      (count, entry) => count + (entry.isDirectory() ? countFiles(join(path, entry.name)) : 1),
      0,
    );
  } catch (error) {
    if (isGone(error)) return 0;
    throw error;
  }
}

/** Removes empty directories from below and at last this one, up to the first that is not empty; true when it is gone. */
export function removeEmptyTree(path: string): boolean {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) return false;
  for (const name of directoriesIn(path)) if (!removeEmptyTree(join(path, name))) return false;
  return removeDirectory(path) || statIfThere(path) === undefined;
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
  // A million directories: asking for each on another thread costs three times as much as reading it.
  const pace = createPacer();
  const open = [path];
  let count = 0;
  for (let directory = open.pop(); directory !== undefined; directory = open.pop()) {
    for (const entry of entriesIn(directory)) {
      if (entry.isDirectory()) open.push(join(directory, entry.name));
      else if (entry.name.endsWith(".tmp") && sweepOne(join(directory, entry.name), options)) count += 1;
    }
    await pace();
  }
  return count;
}

function entriesIn(path: string): readonly Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
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
