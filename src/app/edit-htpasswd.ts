// Changes to a file of users. Everything else in the file stays as it is.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../lib/system-error.ts";
import { withFileLock } from "./file-lock.ts";
import { replaceSharedFile } from "./private-file.ts";

/** What has been done to a user. */
export type UserChange = "added" | "changed" | "deleted" | "unknown";

/** Gives the user this hash, or deletes the user where there is none. Two changes at once both count. */
export async function changeUser(path: string, user: string, hash: string | undefined): Promise<UserChange> {
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
