// Adding something that relies on something else: what relies is written first, and only then one looks for what it
// relies on. No lock is held, so any number add at once.
import type { Adding, Found, PatienceOptions } from "../changes.ts";
import type { Key, Stat } from "../ports.ts";
import type { BucketObjects, Expiry } from "./bucket-objects.ts";
import { type Expected, putConditionally } from "./conditional-put.ts";
import { S3Failure } from "./failure.ts";
import { contentsScope, type NoticeScope, type Notices } from "./notices.ts";
import { describeObject } from "./object-stat.ts";

/** How many objects are looked for at once. */
const lookers = 16;
/** Pauses of who waits for a notice to go; each is longer than the last. */
const firstPauseMs = 100;
const longestPauseMs = 2000;
/** Others that change the same object at the same moment. */
const maxRounds = 10;

/** How something is added. */
export interface BucketAddingOptions {
  readonly notices: Notices;
  readonly scope: NoticeScope;
  /** How long a put of what decides is good for. */
  readonly seconds: number;
}

/** Looks for what somebody relies on who has just written what relies on it; see the contract in changes.ts. */
export class BucketAdding implements Adding {
  readonly #objects: BucketObjects;
  readonly #notices: Notices;
  readonly #scope: NoticeScope;
  readonly #expiring: Expiry;

  constructor(objects: BucketObjects, options: BucketAddingOptions) {
    this.#objects = objects;
    this.#notices = options.notices;
    this.#scope = options.scope;
    this.#expiring = { asOfMs: objects.client.options.clock.now(), seconds: options.seconds };
  }

  /** Of links and revisions, before anything that they need is looked for. */
  async stands(keys: readonly Key[], patience: PatienceOptions = {}): Promise<boolean> {
    return (await this.#look(this.#scope, keys, patience)).every((found) => typeof found === "object");
  }

  /** Once the links to them are written, and stand. */
  async find(contents: readonly Key[], patience: PatienceOptions = {}): Promise<readonly Found[]> {
    return await this.#look(contentsScope, contents, patience);
  }

  /** In steps that each depend on what was there, so that none of them takes effect after somebody else's. */
  async put(key: Key, bytes: Uint8Array): Promise<void> {
    for (let round = 1; round <= maxRounds; round += 1) {
      if (await this.#put(key, bytes, (await this.#objects.stat(key)) ?? "nothing")) return;
    }
    throw new S3Failure(`PUT ${key}`, { status: 409, reason: "again and again" });
  }

  async replace(key: Key, bytes: Uint8Array, { expected }: { readonly expected: Stat | undefined }): Promise<boolean> {
    return await this.#put(key, bytes, expected === undefined ? "nothing" : { etag: expected.identity });
  }

  async #put(key: Key, bytes: Uint8Array, expected: Expected): Promise<boolean> {
    const { isPut } = await putConditionally(this.#objects, { key, bytes, expected }, { expiring: this.#expiring });
    return isPut;
  }

  async #look(scope: NoticeScope, keys: readonly Key[], { waitMs = 0 }: PatienceOptions): Promise<readonly Found[]> {
    const found = [...(await this.#lookOnce(scope, keys))];
    let waitedMs = 0;
    for (let pauseMs = firstPauseMs; waitedMs < waitMs; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      const noticed = found.flatMap((each, index) => (each === "noticed" ? [index] : []));
      if (noticed.length === 0) return found;
      await this.#objects.client.rest(Math.min(pauseMs, waitMs - waitedMs));
      waitedMs += pauseMs;
      const again = await this.#lookOnce(
        scope,
        noticed.map((index) => keys[index] ?? ""),
      );
      for (const [position, index] of noticed.entries()) found[index] = again[position];
    }
    return found;
  }

  /** The notices first: what was noticed and has gone since is missing then. */
  async #lookOnce(scope: NoticeScope, keys: readonly Key[]): Promise<readonly Found[]> {
    if (keys.length === 0) return [];
    const noticed = await this.#notices.list(scope);
    const found: Found[] = keys.map((key) => (noticed.has(key) ? "noticed" : undefined));
    const waiting = keys.flatMap((key, index) => (noticed.has(key) ? [] : [{ key, index }]));
    const work = async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const stat = await this.#objects.stat(next.key);
        found[next.index] = stat && describeObject(stat, noticed.isDamaged(next.key, stat));
      }
    };
    await Promise.all(Array.from({ length: Math.min(lookers, waiting.length) }, work));
    return found;
  }

  /** Nothing was held. */
  async [Symbol.asyncDispose](): Promise<void> {}
}
