// A bucket's objects, as the contract of storage has them.
import type { Content } from "../../lib/content.ts";
import type { Key, ListOptions, NewObject, Objects, Stat } from "../ports.ts";
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { type ConditionalPut, putConditionally } from "./conditional-put.ts";
import { dropObject } from "./drop.ts";
import { S3Failure } from "./failure.ts";
import { listNames, streamNames } from "./names.ts";
import type { Notices } from "./notices.ts";
import { contentOfObject } from "./object-content.ts";
import { describeObject } from "./object-stat.ts";

/** Where clients are sent for contents. */
export interface Redirects {
  /** How long an address is good for. */
  readonly seconds: number;
  /** Where clients find the store; undefined: where we do. */
  readonly endpoint: URL | undefined;
}

/** What they need. */
export interface StoreObjectsOptions {
  readonly notices: Notices;
  /** Whether this is the key of a content, and not of something that leads to one. */
  readonly isContent: (key: Key) => boolean;
  /** Undefined: nobody is sent anywhere. */
  readonly redirects: Redirects | undefined;
}

/** As large as anything that is renewed by putting it again. */
const maxRenewedBytes = 64 * 1024;
const maxRounds = 4;
/** Of who may only read, and of a store without room. */
const unwritableStatuses = [403, 507];

/** The objects of one bucket; see the contract in ports.ts. */
export class StoreObjects implements Objects {
  readonly #objects: BucketObjects;
  readonly #options: StoreObjectsOptions;

  constructor(objects: BucketObjects, options: StoreObjectsOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  async stat(key: Key): Promise<Stat | undefined> {
    const stat = await this.#objects.stat(key);
    return stat && (await this.#describe(key, stat));
  }

  async read(key: Key, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    return (await this.#objects.read(key, maxBytes))?.bytes;
  }

  async open(key: Key, seen?: Stat): Promise<Content | undefined> {
    const stat = seen ?? (await this.stat(key));
    if (stat === undefined) return undefined;
    const content = contentOfObject(this.#objects, key, { etag: stat.identity, sizeBytes: stat.sizeBytes });
    const { redirects, isContent } = this.#options;
    if (redirects === undefined || !isContent(key)) return content;
    const { seconds, endpoint } = redirects;
    const address = async () =>
      await this.#objects.url(key, { seconds, ...(endpoint === undefined ? {} : { endpoint }) });
    return Object.assign(content, { address });
  }

  async put(key: Key, bytes: Uint8Array): Promise<void> {
    await this.#objects.put(key, bytes);
  }

  async putAll(objects: readonly NewObject[]): Promise<void> {
    for (const { key, bytes } of objects) await this.put(key, bytes);
  }

  /** What was put is there for good. */
  async flush(): Promise<void> {}

  /** A bucket's objects cannot be added to. */
  async append(): Promise<undefined> {
    return undefined;
  }

  /**
   * Puts the same bytes if they are still there, so a deletion is not undone. Contents stay as they are: whoever relies on
   * one looks for it anyway. Does nothing in a bucket that cannot be written, or is full: it can be read all the same.
   */
  async renew(key: Key): Promise<boolean> {
    if (this.#options.isContent(key)) return (await this.#objects.stat(key)) !== undefined;
    for (let round = 1; round <= maxRounds; round += 1) {
      const found = await this.#objects.read(key, maxRenewedBytes);
      if (found === undefined) return false;
      if (await this.#putAgain({ key, bytes: found.bytes, expected: found.stat })) return true;
    }
    // Others keep writing it, which is as good.
    return (await this.#objects.stat(key)) !== undefined;
  }

  async #putAgain(put: ConditionalPut): Promise<boolean> {
    try {
      return (await putConditionally(this.#objects, put)).isPut;
    } catch (error) {
      if (error instanceof S3Failure && unwritableStatuses.includes(error.status)) return true;
      throw error;
    }
  }

  async delete(key: Key): Promise<boolean> {
    return await dropObject(this.#objects, key);
  }

  async list(prefix: Key, options: ListOptions = {}): Promise<readonly string[]> {
    return await listNames(this.#objects.client, prefix, options);
  }

  async names(prefix: Key): Promise<AsyncIterable<string>> {
    return streamNames(this.#objects.client, prefix);
  }

  async #describe(key: Key, stat: ObjectStat): Promise<Stat> {
    const { notices, isContent } = this.#options;
    return describeObject(stat, isContent(key) && (await notices.damage.has(key, stat)));
  }
}
