// What nobody but the store's owner may open, whatever the umask: lock files (who can read one can lock it, and so stop
// every write), the trash, and bytes that are not a blob yet.
import { chmodSync, lstatSync, mkdirSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../lib/system-error.ts";

/** The mode of a private directory. */
export const privateDirectoryMode = 0o700;
/** The mode of a private file. */
export const privateFileMode = 0o600;
/** The mode of everything else, but for the umask: as other registries write it, who may run as another user. */
export const sharedFileMode = 0o666;

const forOthers = 0o077;

/**
 * Makes a private directory whose parent is there. One that was wider, as an older version left it, is narrowed with
 * the files right in it, which somebody may reach through a directory that is open already. Returns a warning if that cannot be.
 */
export function makePrivateDirectory(path: string): string | undefined {
  try {
    mkdirSync(path, { mode: privateDirectoryMode });
    return undefined;
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
  if ((statSync(path).mode & forOthers) === 0) return undefined;
  if (!makePrivate(realpathSync(path), privateDirectoryMode)) {
    return `${path} can be opened by other users, who can hold up every write; run \`chmod 700 ${path}\` as its owner`;
  }
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    if (entry.isFile()) makePrivate(join(path, entry.name), privateFileMode);
  }
  return undefined;
}

/** Narrows one file or directory; false if it stays wider: it is another user's, or its filesystem has no modes. */
export function makePrivate(path: string, mode: number): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isSymbolicLink() || (stat.mode & forOthers) === 0) return true;
  try {
    chmodSync(path, mode);
  } catch (error) {
    // EROFS: nobody writes there anyway.
    if (!["EPERM", "EACCES", "ENOENT", "ENOTSUP", "EOPNOTSUPP", "EROFS"].includes(errorCode(error) ?? "")) throw error;
  }
  return ((lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0) & forOthers) === 0;
}
