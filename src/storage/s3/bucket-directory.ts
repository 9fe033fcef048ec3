// What a directory has and a bucket has not, answered so that whoever asks does no harm: a prefix is there while something lies
// below it, nothing waits to be written, nothing is in the way.
import type { Directory, Key, Space, Stat } from "../ports.ts";
import type { BucketObjects } from "./bucket-objects.ts";
import { listObjects, listPages } from "./listing.ts";
import type { Notices } from "./notices.ts";
import { describeObject } from "./object-stat.ts";

/** What it needs. */
export interface BucketDirectoryOptions {
  readonly notices: Notices;
  /** How much room there is for what is on its way to the bucket. */
  readonly space: () => Promise<Space>;
}

/** A bucket in the place of a directory; see the contract in ports.ts. */
export class BucketDirectory implements Directory {
  readonly space: () => Promise<Space>;
  readonly #objects: BucketObjects;
  readonly #notices: Notices;

  constructor(objects: BucketObjects, { notices, space }: BucketDirectoryOptions) {
    this.#objects = objects;
    this.#notices = notices;
    this.space = space;
  }

  /** Nothing tells when something last came or went below it, so that may always be now. */
  async prefixTime(prefix: Key): Promise<number | undefined> {
    return (await this.#isThere(prefix)) ? this.#objects.client.options.clock.now() : undefined;
  }

  async changeTime(): Promise<undefined> {}

  async makePrefix(): Promise<void> {}

  async removeEmpty(prefix: Key): Promise<boolean> {
    return !(await this.#isThere(prefix));
  }

  async countObjects(prefix: Key): Promise<number> {
    let count = 0;
    for await (const _ of listObjects(this.#objects.client, { prefix: `${prefix}/` })) count += 1;
    return count;
  }

  async isObstructed(): Promise<boolean> {
    return false;
  }

  async settle(): Promise<void> {}

  async syncAll(): Promise<void> {}

  async dropCache(): Promise<void> {}

  async noteDamage(key: Key, judged: Stat, isDamaged: boolean): Promise<boolean> {
    const stat = await this.#objects.stat(key);
    if (stat === undefined) return false;
    const now = describeObject(stat);
    if (now.identity !== judged.identity || now.changedMs !== judged.changedMs) return false;
    await this.#notices.damage.note(key, stat, isDamaged);
    return true;
  }

  async sweepTemporary(): Promise<number> {
    return 0;
  }

  async #isThere(prefix: Key): Promise<boolean> {
    for await (const { objects } of listPages(this.#objects.client, { prefix: `${prefix}/`, pageSize: 1 })) {
      if (objects.length > 0) return true;
    }
    return false;
  }
}
