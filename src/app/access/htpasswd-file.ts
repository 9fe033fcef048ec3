// The file of users, read again when it has changed.
import { readFileSync, statSync } from "node:fs";
import { type PasswordHashes, parseHtpasswd } from "../../auth/htpasswd.ts";
import { errorCode, explainReadError } from "../../lib/system-error.ts";

/** The users of one file, as they are now. */
export class HtpasswdFile {
  readonly #path: string;
  readonly #onProblem: (problem: string) => void;
  #version: string | undefined;
  #hashes: PasswordHashes = new Map();

  /**
   * `onProblem` receives why the file cannot be used. The users of before stay then, but for a file that is gone: who removes
   * it wants nobody to get in.
   */
  constructor(path: string, onProblem: (problem: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** The hashes by user. */
  hashes(): PasswordHashes {
    const version = this.#look();
    if (version === this.#version) return this.#hashes;
    this.#version = version;
    try {
      this.#hashes = parseHtpasswd(readFileSync(this.#path, "utf8"));
    } catch (error) {
      if (errorCode(error) === "ENOENT") this.#hashes = new Map();
      this.#onProblem(`${this.#path}: ${error instanceof SyntaxError ? error.message : explainReadError(error)}`);
    }
    return this.#hashes;
  }

  #look(): string {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    return stat === undefined ? "none" : `${stat.ino}:${stat.mtimeMs}:${stat.ctimeMs}:${stat.size}`;
  }
}
