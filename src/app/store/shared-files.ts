// Small secrets that every node on a bucket has alike: the keys that sign tokens, and API tokens. They lie in the
// bucket, readable for nobody else, and each node has a copy below its own directory, which is what it reads:
//
//   <bucket>/auth/signing-keys.json        <node's directory>/auth/signing-keys.json
//   <bucket>/auth/tokens/<hash>.json       <node's directory>/auth/tokens/<hash>.json
//   <bucket>/tls/authority.json            no copy: certificates/shared-authority.ts keeps it as files
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../lib/system-error.ts";
import type { Logger } from "../../log/logger.ts";
import { makePrivateDirectory } from "../../storage/private-places.ts";
import type { BucketObjects } from "../../storage/s3/bucket-objects.ts";
import { putConditionally } from "../../storage/s3/conditional-put.ts";
import { S3Failure } from "../../storage/s3/failure.ts";
import { listObjects } from "../../storage/s3/listing.ts";
import { removePrivateFile, replacePrivateFile } from "../files/private-file.ts";
import { repeat } from "../timer.ts";

/** Texts that other nodes have, too. */
export interface SharedTexts {
  /**
   * Changes a text, one node at a time: `change` gets what all have, and returns what they are to have, or undefined if it
   * may stay. Returns what holds then.
   */
  update(name: string, change: ChangeText): Promise<string>;
  /** Removes a text from all nodes. */
  remove(name: string): Promise<void>;
}

/** What a text is to become; undefined: it may stay. */
export type ChangeText = (text: string | undefined) => Promise<string | undefined> | string | undefined;

/** How long a node may not know what another one changed. */
const pullEveryMs = 5_000;

/** Keeps the copies of a running server up to date. */
export function keepPulling(files: SharedFiles, logger: Logger, { everyMs } = { everyMs: pullEveryMs }): Disposable {
  let isFailing = false;
  const pull = async () => {
    await files.pull();
    if (isFailing) logger.info("tokens and their keys are read from the bucket again");
    isFailing = false;
  };
  const report = (error: unknown) => {
    // Once: it fails as long as the object store does.
    if (!isFailing)
      logger.warn("tokens and their keys cannot be read from the bucket; those of before stay", {
        problem: messageOf(error),
      });
    isFailing = true;
  };
  return repeat(pull, { firstMs: everyMs, intervalMs: everyMs, report });
}

/** What nodes have copies of. */
const copiedName = /^auth\/(?:signing-keys|tokens\/[0-9a-f]{64})\.json$/;
const tokensPrefix = "auth/tokens/";
const maxBytes = 256 * 1024;
/** Each loss means that another node has won. */
const maxRounds = 20;

/** Where copies are kept, and whether the bucket may be one that cannot be written: then this node has texts of its own. */
export interface SharedFilesOptions {
  readonly directory: string;
  readonly isReadOnly?: boolean;
}

/** The shared secrets of a bucket, and this node's copies of them. */
export class SharedFiles implements SharedTexts {
  readonly #objects: BucketObjects;
  readonly #directory: string;
  readonly #isReadOnly: boolean;
  /** Texts that the bucket does not take. */
  readonly #own = new Set<string>();
  /** The ETags of the copies. */
  readonly #known = new Map<string, string>();

  /** Of the copies, the directory is this node's own. */
  constructor(objects: BucketObjects, { directory, isReadOnly = false }: SharedFilesOptions) {
    this.#objects = objects;
    this.#directory = directory;
    this.#isReadOnly = isReadOnly;
  }

  /** Brings the copies up to date: what changed comes, and what is gone goes. */
  async pull(): Promise<void> {
    const directory = this.#directory;
    makePrivateDirectory(join(directory, "auth"));
    makePrivateDirectory(join(directory, "auth/tokens"));
    const there = new Set<string>();
    const copies = new Set(this.#copies());
    for await (const { key: name, stat } of listObjects(this.#objects.client, { prefix: "auth/" })) {
      if (!copiedName.test(name)) continue;
      there.add(name);
      if (this.#known.get(name) !== stat.etag || !copies.has(name)) await this.#fetch(name);
    }
    for (const name of copies) {
      if (there.has(name) || this.#own.has(name)) continue;
      this.#known.delete(name);
      await removePrivateFile(join(directory, name));
    }
  }

  async #fetch(name: string): Promise<void> {
    const found = await this.#objects.read(name, maxBytes);
    if (found === undefined) return;
    await replacePrivateFile(join(this.#directory, name), new TextDecoder().decode(found.bytes));
    this.#known.set(name, found.stat.etag);
  }

  #copies(): readonly string[] {
    const names = ["auth", "auth/tokens"].flatMap((place) =>
      readdirSync(join(this.#directory, place)).map((name) => `${place}/${name}`),
    );
    return names.filter((name) => copiedName.test(name));
  }

  async update(name: string, change: ChangeText): Promise<string> {
    for (let round = 1; ; round += 1) {
      const found = await this.#objects.read(name, maxBytes);
      const text = found && new TextDecoder().decode(found.bytes);
      const wanted = await change(text);
      if (wanted === undefined && text !== undefined) return text;
      if (wanted === undefined) throw new Error(`nothing is to be in ${name}`);
      const expected = found === undefined ? "nothing" : found.stat;
      const bytes = new TextEncoder().encode(wanted);
      const { isPut } = await putConditionally(this.#objects, { key: name, bytes, expected }).catch((error: unknown) =>
        this.#keepHere(name, error),
      );
      if (isPut) return wanted;
      if (round === maxRounds) throw new Error(`${name} changes all the time`);
    }
  }

  /** Not an API token: it is promised to work on every node, and the next process here would remove its copy. */
  #keepHere(name: string, error: unknown): { readonly isPut: true } {
    const isRefused = error instanceof S3Failure && error.status === 403;
    if (!this.#isReadOnly || !isRefused || name.startsWith(tokensPrefix)) throw error;
    this.#own.add(name);
    return { isPut: true };
  }

  async remove(name: string): Promise<void> {
    await this.#objects.delete(name);
  }
}
