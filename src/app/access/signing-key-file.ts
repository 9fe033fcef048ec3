// The keys that sign our own tokens, shared by all processes of a store: <root>/auth/signing-keys.json
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  formatSigningKeys,
  needsNewKey,
  parseSigningKeys,
  rotateKeys,
  type SigningKey,
} from "../../auth/signing-keys.ts";
import { errorCode } from "../../lib/system-error.ts";
import { makePrivateDirectory } from "../../storage/private-places.ts";
import { withFileLock } from "../files/file-lock.ts";
import { replacePrivateFile } from "../files/private-file.ts";

/** The clock, and the lifetime of the tokens. */
export interface SigningKeyOptions {
  readonly now: () => number;
  /** Of the longest-lived token, in milliseconds. */
  readonly lifetimeMs: number;
}

/** The file of keys, checked for changes on every use. */
export class SigningKeyFile {
  readonly #directory: string;
  readonly #path: string;
  readonly #options: SigningKeyOptions;
  #read: { readonly version: string; readonly keys: readonly SigningKey[] } | undefined;

  constructor(dataDirectory: string, options: SigningKeyOptions) {
    this.#directory = join(dataDirectory, "auth");
    this.#path = join(this.#directory, "signing-keys.json");
    this.#options = options;
  }

  /** The key that signs now, created or rotated if need be. */
  async current(): Promise<SigningKey> {
    const newest = this.#current();
    if (newest !== undefined) return newest;
    makePrivateDirectory(this.#directory);
    return await withFileLock(join(this.#directory, ".lock"), async () => this.#current() ?? (await this.#rotate()));
  }

  /** The trusted key with this identifier. */
  find(kid: string): SigningKey | undefined {
    return this.#keys().find((key) => key.kid === kid);
  }

  #current(): SigningKey | undefined {
    const keys = this.#keys();
    return needsNewKey(keys, this.#options.now()) ? undefined : keys.at(-1);
  }

  async #rotate(): Promise<SigningKey> {
    const { now, lifetimeMs } = this.#options;
    const keys = rotateKeys(this.#keys(), { nowMs: now(), lifetimeMs });
    await replacePrivateFile(this.#path, formatSigningKeys(keys));
    const newest = keys.at(-1);
    if (newest === undefined) throw new Error("a rotation made no key");
    return newest;
  }

  /** Read again when the file has changed. */
  #keys(): readonly SigningKey[] {
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    if (stat === undefined) return [];
    const version = `${stat.ino}:${stat.mtimeMs}:${stat.size}`;
    if (this.#read?.version !== version) this.#read = { version, keys: parseSigningKeys(this.#readText()) };
    return this.#read.keys;
  }

  #readText(): string {
    try {
      return readFileSync(this.#path, "utf8");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return '{"keys":[]}';
      throw error;
    }
  }
}
