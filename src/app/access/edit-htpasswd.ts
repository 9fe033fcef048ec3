// Changes to a file of users. Everything else in the file stays as it is.
import { lstatSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { errorCode } from "../../lib/system-error.ts";
import { withFileLock } from "../files/file-lock.ts";
import { replaceSharedFile } from "../files/private-file.ts";

/** What has been done to a user. */
export type UserChange = "added" | "changed" | "deleted" | "unknown";

/** Gives the user this hash, or deletes the user if there is none. Two changes at once both count; a link stays one. */
export async function changeUser(name: string, user: string, hash: string | undefined): Promise<UserChange> {
  const path = followSymlinks(name);
  return await withFileLock(join(dirname(path), ".htpasswd.lock"), async () => {
    const lines = readLines(path);
    const others = lines.filter((line) => !line.startsWith(`${user}:`));
    const wasThere = others.length < lines.length;
    if (hash === undefined && !wasThere) return "unknown";
    const kept = hash === undefined ? others : [...others, `${user}:${hash}`];
    await replaceSharedFile(path, kept.map((line) => `${line}\n`).join(""));
    if (hash === undefined) return "deleted";
    return wasThere ? "changed" : "added";
  });
}

/** The path that symbolic links lead to, even if no file is there yet. */
export function followSymlinks(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT") throw error;
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink ? followSymlinks(resolve(dirname(path), readlinkSync(path))) : path;
  }
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8")
      .split(/\r?\n/)
      .filter((line, index, all) => line !== "" || index < all.length - 1);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
