// The keys that sign our own tokens, shared by all processes of a store: <root>/auth/signing-keys.json. Of a store in a
// bucket, that file is this node's copy of what all nodes share.
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
import type { SharedTexts } from "../store/shared-files.ts";

/** The clock, and the lifetime of the tokens. */
export interface SigningKeyOptions {
  readonly now: () => number;
  /** Of the longest-lived token, in milliseconds. */
  readonly lifetimeMs: number;
  /** What other nodes have, too; undefined: there are no other nodes. */
  readonly shared?: SharedTexts | undefined;
}

const place = "auth";
const file = "signing-keys.json";
const noKeys = '{"keys":[]}';
/** How long a new key waits until it signs, so that every node knows it by then. */
const settleMs = 60_000;

/** The file of keys, checked for changes on every use. */
export class SigningKeyFile {
  readonly #directory: string;
  readonly #path: string;
  readonly #options: SigningKeyOptions;
  #read: { readonly version: string; readonly keys: readonly SigningKey[] } | undefined;

  constructor(dataDirectory: string, options: SigningKeyOptions) {
    this.#directory = join(dataDirectory, place);
    this.#path = join(this.#directory, file);
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
    const { now, shared } = this.#options;
    const keys = this.#keys();
    if (needsNewKey(keys, now())) return undefined;
    const settled = keys.findLast(({ createdMs }) => shared === undefined || now() - createdMs >= settleMs);
    return settled ?? keys.at(-1);
  }

  async #rotate(): Promise<SigningKey> {
    const { now, lifetimeMs, shared } = this.#options;
    const rotated = (text: string) =>
      formatSigningKeys(rotateKeys(parseSigningKeys(text), { nowMs: now(), lifetimeMs }));
    // Another node may have done it.
    const change = (text = noKeys) => (needsNewKey(parseSigningKeys(text), now()) ? rotated(text) : undefined);
    const text = shared === undefined ? rotated(this.#readText()) : await shared.update(`${place}/${file}`, change);
    await replacePrivateFile(this.#path, text);
    const current = this.#current();
    if (current === undefined) throw new Error("a rotation made no key");
    return current;
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
      if (errorCode(error) === "ENOENT") return noKeys;
      throw error;
    }
  }
}
