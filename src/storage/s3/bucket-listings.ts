// Listings of a bucket, as the contract of storage has them.
import type { ListedKey, ListingRange, Listings } from "../listings.ts";
import type { Key } from "../ports.ts";
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { listPages } from "./listing.ts";
import type { Notices } from "./notices.ts";
import { describeObject } from "./object-stat.ts";

/** What they need. */
export interface BucketListingsOptions {
  readonly notices: Notices;
  readonly isContent: (key: Key) => boolean;
  /** Whether an ETag is the MD5 of what it names. */
  readonly areEtagsMd5: boolean;
}

/** The listings of one bucket; see the contract in listings.ts. */
export class BucketListings implements Listings {
  readonly #objects: BucketObjects;
  readonly #options: BucketListingsOptions;

  constructor(objects: BucketObjects, options: BucketListingsOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  async *scan(prefix: Key, { after, end }: ListingRange = {}): AsyncGenerator<readonly ListedKey[]> {
    for await (const { objects } of listPages(this.#objects.client, { prefix: `${prefix}/`, after })) {
      const page: ListedKey[] = [];
      for (const { key, stat } of objects) {
        if (end !== undefined && key > end) break;
        page.push({ key, stat: describeObject(stat, await this.#isDamaged(key, stat)) });
      }
      if (page.length > 0) yield page;
      if (page.length < objects.length) return;
    }
  }

  identityOf(bytes: Uint8Array): string | undefined {
    return this.#options.areEtagsMd5 ? new Bun.CryptoHasher("md5").update(bytes).digest("hex") : undefined;
  }

  async #isDamaged(key: Key, stat: ObjectStat): Promise<boolean> {
    return this.#options.isContent(key) && (await this.#options.notices.damage.has(key, stat));
  }
}
