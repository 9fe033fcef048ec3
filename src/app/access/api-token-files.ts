// The API tokens of a store. They are read on every use, so that a change by one process is effective at once in all:
//
//   <root>/auth/tokens/<SHA-256 of the secret>.json   what the token may do
//   <root>/auth/tokens/<SHA-256 of the secret>.used   empty; its time is that of the last use, to the hour
//   <root>/auth/tokens.lock                           held while one is added, so that a name is given once
//
// Of a store in a bucket, the first are this node's copies of what all nodes share; each notes uses for itself.
import { closeSync, openSync, readdirSync, readFileSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import {
  type ApiToken,
  formatApiToken,
  hashSecret,
  isExpired,
  isSecret,
  parseApiToken,
} from "../../auth/api-tokens.ts";
import { errorCode } from "../../lib/system-error.ts";
import { makePrivateDirectory, privateFileMode } from "../../storage/private-places.ts";
import { withFileLock } from "../files/file-lock.ts";
import { createPrivateFile, removePrivateFile } from "../files/private-file.ts";
import type { SharedTexts } from "../store/shared-files.ts";

/** A token as an operator sees it. */
export interface ListedToken extends ApiToken {
  /** Milliseconds since 1970; undefined if never used. */
  readonly lastUsedMs: number | undefined;
}

/** How often the last use is recorded. */
const noteEveryMs = 3_600_000;

/** The clock, and the other nodes. */
export interface ApiTokenOptions {
  readonly now: () => number;
  /** What other nodes have, too; undefined: there are no other nodes. */
  readonly shared?: SharedTexts | undefined;
}

const tokensPlace = "auth/tokens";

/** The tokens of one store. */
export class ApiTokenFiles {
  readonly #directory: string;
  readonly #now: () => number;
  readonly #shared: SharedTexts | undefined;

  constructor(dataDirectory: string, { now, shared }: ApiTokenOptions) {
    this.#directory = join(dataDirectory, tokensPlace);
    this.#now = now;
    this.#shared = shared;
  }

  /** The token of this secret; undefined if there is none, or it has expired. */
  find(secret: string): ApiToken | undefined {
    return isSecret(secret) ? this.get(hashSecret(secret)) : undefined;
  }

  /** The token whose secret has this hash. */
  get(hash: string): ApiToken | undefined {
    const token = this.#read(hash);
    if (token === undefined || isExpired(token, this.#now())) return undefined;
    this.#noteUse(hash);
    return token;
  }

  /** All tokens, sorted by name. */
  list(): readonly ListedToken[] {
    const hashes = listDirectory(this.#directory).flatMap((name) => /^([0-9a-f]{64})\.json$/.exec(name)?.[1] ?? []);
    const tokens = hashes.flatMap((hash) => {
      const token = this.#read(hash);
      return token === undefined ? [] : [{ ...token, lastUsedMs: this.#lastUsedMs(hash) }];
    });
    return tokens.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** Stores a token; false if the name is taken. */
  async add(secret: string, token: ApiToken): Promise<boolean> {
    makePrivateDirectory(join(this.#directory, ".."));
    makePrivateDirectory(this.#directory);
    return await withFileLock(`${this.#directory}.lock`, async () => {
      if (this.list().some(({ name }) => name === token.name)) return false;
      const hash = hashSecret(secret);
      await this.#shared?.update(`${tokensPlace}/${hash}.json`, () => formatApiToken(token));
      const isNew = await createPrivateFile(this.#path(hash, "json"), formatApiToken(token));
      // A server of this node may have brought the copy already.
      return isNew || this.#shared !== undefined;
    });
  }

  /** Removes the token of this name; false if there is none. */
  async revoke(name: string): Promise<boolean> {
    let wasThere = false;
    for (const file of listDirectory(this.#directory)) {
      const hash = /^([0-9a-f]{64})\.json$/.exec(file)?.[1];
      if (hash === undefined || this.#read(hash)?.name !== name) continue;
      await this.#shared?.remove(`${tokensPlace}/${hash}.json`);
      wasThere = (await removePrivateFile(this.#path(hash, "json"))) || wasThere;
      await removePrivateFile(this.#path(hash, "used"));
    }
    return wasThere;
  }

  #path(hash: string, ending: "json" | "used"): string {
    return join(this.#directory, `${hash}.${ending}`);
  }

  #read(hash: string): ApiToken | undefined {
    if (!/^[0-9a-f]{64}$/.test(hash)) return undefined;
    try {
      return parseApiToken(readFileSync(this.#path(hash, "json"), "utf8"));
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  #lastUsedMs(hash: string): number | undefined {
    return statSync(this.#path(hash, "used"), { throwIfNoEntry: false })?.mtimeMs;
  }

  /** The token is valid even if its use cannot be recorded, as on a full disk. */
  #noteUse(hash: string): void {
    const nowMs = this.#now();
    const lastUsedMs = this.#lastUsedMs(hash);
    if (lastUsedMs !== undefined && Math.abs(nowMs - lastUsedMs) < noteEveryMs) return;
    try {
      const path = this.#path(hash, "used");
      closeSync(openSync(path, "a", privateFileMode));
      utimesSync(path, nowMs / 1000, nowMs / 1000);
    } catch {
      // The next use tries again.
    }
  }
}

function listDirectory(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return [];
    throw error;
  }
}
