// The executable where another user can run it, and a command that becomes that user.
import { chmodSync, chownSync, constants, copyFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { executable } from "./executable.ts";

/** A user without rights, such as "nobody"; the number needs no account. */
const uid = 65534;

/** A place that the user can reach, with a copy of the executable: a checkout may lie where it cannot. */
export interface OtherUser extends Disposable {
  readonly executable: string;
  /** Put before a command to run it as that user. */
  readonly become: readonly string[];
  /** An empty directory that the user owns. */
  readonly home: string;
}

/** Prepares the place. Needs root. */
export function prepareOtherUser(): OtherUser {
  const directory = temporaryDirectory();
  chmodSync(directory.path, 0o755);
  const copy = join(directory.path, "registry");
  copyFileSync(executable, copy, constants.COPYFILE_FICLONE);
  chmodSync(copy, 0o755);
  const home = temporaryDirectory();
  chownSync(home.path, uid, uid);
  return {
    executable: copy,
    become: ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"],
    home: home.path,
    [Symbol.dispose]: () => {
      directory[Symbol.dispose]();
      home[Symbol.dispose]();
    },
  };
}
