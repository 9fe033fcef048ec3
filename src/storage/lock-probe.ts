// Whether the locks of a directory can be relied on, found out at the start. Three answers that must not be mixed up:
// the filesystem keeps locks apart; it does not; or it does, and somebody holds all of ours.
import { existsSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errorCode, isFull } from "../lib/system-error.ts";
import type { Flock } from "./flock.ts";
import { lockFiles, openLockFile } from "./lock-files.ts";
import { privateFileMode } from "./private-places.ts";

/** A file beside the lock files of a store whose locks have worked once. */
const workedName = "worked";

type Verdict = "apart" | "together" | "refused";

/**
 * Whether the filesystem of the lock directory keeps locks apart. Throws if it did before and does not now, and if
 * all locks are held: continuing without locks would lose what another process acknowledges.
 */
export function hasWorkingLocks(flock: Flock, directory: string): boolean {
  const worked = join(directory, workedName);
  if (probe(flock, directory) !== "apart") {
    if (!existsSync(worked)) return false;
    throw new Error(
      `file locks worked in ${directory} before and do not now; mend that (the mount options of a network filesystem), ` +
        `or, if the data has moved to a filesystem without locks for good, remove ${worked}`,
    );
  }
  if (!lockFiles(directory).some((path) => isFree(flock, path) && isFree(flock, `${path}.gate`))) {
    throw new Error(
      `other processes hold every lock in ${directory}, and nothing could be written; \`fuser ${join(directory, "*")}\` ` +
        "tells which: stop them",
    );
  }
  if (!existsSync(worked)) remember(worked);
  return true;
}

/** A file that is made for it cannot be held by anybody else. A disk that takes none has lock files, or nothing to lose. */
function probe(flock: Flock, directory: string): Verdict {
  const path = join(directory, `probe.${crypto.randomUUID()}.tmp`);
  try {
    writeFileSync(path, "", { flag: "wx", mode: privateFileMode });
  } catch (error) {
    if (!isUnwritable(error)) throw error;
    const verdicts = lockFiles(directory).map((file) => existsSync(file) && tryTwice(flock, file));
    return verdicts.find((verdict) => verdict === "apart" || verdict === "together") || "refused";
  }
  try {
    return tryTwice(flock, path);
  } finally {
    unlinkSync(path);
  }
}

/** Locks one descriptor of a file, and then another one. */
function tryTwice(flock: Flock, path: string): Verdict {
  using owner = new DisposableStack();
  if (!flock.tryLock(openLockFile(owner, path), "alone")) return "refused";
  return flock.tryLock(openLockFile(owner, path), "alone") ? "together" : "apart";
}

/** Shared: who is at work holds it so, or alone for a moment, but never all of them. */
function isFree(flock: Flock, path: string): boolean {
  using owner = new DisposableStack();
  return flock.tryLock(openLockFile(owner, path), "shared");
}

function remember(path: string): void {
  try {
    writeFileSync(path, "", { mode: privateFileMode });
  } catch (error) {
    if (!isUnwritable(error)) throw error;
  }
}

function isUnwritable(error: unknown): boolean {
  return isFull(error) || errorCode(error) === "EROFS";
}
