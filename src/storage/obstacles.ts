// Obstacles: what is where a directory or a file should be, such as a file of another kind, or a symbolic link that is
// dangling or leads back to itself. It may be a remnant of data, so it never counts as absent.
import { lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { errorCode } from "../lib/system-error.ts";
import { disk } from "./disk-calls.ts";

const absentCodes: readonly (string | undefined)[] = ["ENOENT", "ENOTDIR"];

/** What a call says of a path; undefined if something on the way is not there. */
function ifThere(look: (path: string) => Stats | undefined, path: string): Stats | undefined {
  try {
    return look(path);
  } catch (error) {
    if (absentCodes.includes(errorCode(error))) return undefined;
    throw error;
  }
}

const lstat = (path: string) => lstatSync(path, { throwIfNoEntry: false });

/** What is there instead of a directory, at the path or on the way to it; undefined if it is just absent. */
export function findObstacle(path: string): Error | undefined {
  const entry = ifThere(lstat, path);
  // The root of everything is always there.
  if (entry === undefined) return findObstacle(dirname(path));
  if (entry.isDirectory()) return undefined;
  if (!entry.isSymbolicLink()) return problemOf(path, "ENOTDIR", "is not a directory");
  const target = ifThere(statSync, path);
  if (target?.isDirectory() === true) return undefined;
  if (target !== undefined) return problemOf(path, "ENOTDIR", "leads to something that is not a directory");
  return problemOf(path, "ENOLINK", "is a symbolic link to something that is not there");
}

/** Whether something other than a file is at the path, or something other than a directory on the way to it. */
export function isObstructed(path: string): boolean {
  if (ifThere(lstat, path) === undefined) return findObstacle(dirname(path)) !== undefined;
  return ifThere(statSync, path)?.isFile() !== true;
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await disk.lstat(path))?.isSymbolicLink() === true;
  } catch (error) {
    if (absentCodes.includes(errorCode(error))) return false;
    throw error;
  }
}

/** Throws for a symbolic link to one of its own parents: following it would never end. */
export async function refuseLoop(path: string): Promise<void> {
  if (!(await isLink(path)) || ifThere(statSync, path) === undefined) return;
  const target = realpathSync(path);
  let above = path;
  while (above !== dirname(above)) {
    above = dirname(above);
    if (realpathSync(above) === target) throw problemOf(path, "ELOOP", "leads back to a directory that it lies in");
  }
}

/** Moves a file over whatever is at the other path, also an empty directory; one with something in it is left alone. */
export async function renameOver(from: string, to: string): Promise<void> {
  try {
    await disk.rename(from, to);
    return;
  } catch (error) {
    if (errorCode(error) !== "EISDIR") throw error;
  }
  try {
    await disk.rmdir(to);
  } catch (error) {
    if (errorCode(error) === "ENOTEMPTY") throw problemOf(to, "EISDIR", "is a directory with something in it");
    if (errorCode(error) !== "ENOENT" && errorCode(error) !== "ENOTDIR") throw error;
    // Another process has removed it, or has put a file in its place.
  }
  await disk.rename(from, to);
}

function problemOf(path: string, code: string, problem: string): Error {
  return Object.assign(new Error(`${code}: ${path} ${problem}`), { code });
}
