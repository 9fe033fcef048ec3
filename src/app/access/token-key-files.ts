// The keys of an external token server, read again when their files have changed.
import { readFileSync, statSync } from "node:fs";
import { readTrustedKeys, type TrustedKeys } from "../../auth/trusted-keys.ts";
import { explainReadError } from "../../lib/system-error.ts";
import { StartError } from "../start-error.ts";

/** The paths that `auth.token` names. */
export interface TokenKeyPaths {
  readonly jwks: string | undefined;
  readonly rootCertBundle: string | undefined;
}

/** The keys of these files, as they are now. */
export class TokenKeyFiles {
  readonly #paths: TokenKeyPaths;
  readonly #onProblem: (problem: string) => void;
  #version: string;
  #keys: TrustedKeys;

  /**
   * Throws a StartError if there is no key. `onProblem` receives, once for each change of a file, why it cannot be used
   * later on; the keys of before stay then.
   */
  constructor(paths: TokenKeyPaths, onProblem: (problem: string) => void) {
    this.#paths = paths;
    this.#onProblem = onProblem;
    this.#version = this.#look();
    this.#keys = readKeys(paths);
  }

  /** The keys to verify a token with. */
  keys(): TrustedKeys {
    const version = this.#look();
    if (version !== this.#version) this.#read(version);
    return this.#keys;
  }

  /** Reads the files, whether they look changed or not. */
  reread(): void {
    this.#read(this.#look());
  }

  #read(version: string): void {
    this.#version = version;
    try {
      this.#keys = readKeys(this.#paths);
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      this.#onProblem(error.message);
    }
  }

  #look(): string {
    const { jwks, rootCertBundle } = this.#paths;
    return [jwks, rootCertBundle].map(lookAt).join(" ");
  }
}

function lookAt(path: string | undefined): string {
  const stat = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "none" : `${stat.ino}:${stat.mtimeMs}:${stat.ctimeMs}:${stat.size}`;
}

function readKeys(paths: TokenKeyPaths): TrustedKeys {
  const [jwks, rootCertBundle] = [readText("jwks", paths.jwks), readText("rootcertbundle", paths.rootCertBundle)];
  try {
    return readTrustedKeys({ jwks, rootCertBundle });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const files = [paths.jwks, paths.rootCertBundle].filter((path) => path !== undefined).join(" and ");
    throw new StartError(`${files} (keys of auth.token): ${error.message}`);
  }
}

function readText(key: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StartError(`${path} (auth.token.${key}): ${explainReadError(error)}`);
  }
}
