// Notices: objects that name what somebody may still take away. One is put before he looks whether something is needed,
// and stands until the store would refuse the requests that it announces. So whoever adds something, and after that finds
// no notice of what he relies on, and then finds it there, keeps it: however long anybody sleeps, and whatever arrives late.
//
// Marks of damage lie beside the notices of contents, so that one listing has both.
//
//   notices/<scope>/<seconds>-<identifier>     the keys, one a line; a body never changes
//   notices/blobs/damaged/…                    see damage-marks.ts
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { BucketObjects, Expiry, ObjectStat } from "./bucket-objects.ts";
import { DamageMarks, damagePrefix } from "./damage-marks.ts";
import { S3Failure } from "./failure.ts";
import { listPages } from "./listing.ts";
import { usualTiming } from "./timing.ts";

/** What notices are about: contents, or what one repository has. */
export type NoticeScope = string;

/** A notice that was put. */
export interface Notice {
  readonly key: string;
  /** What its requests are signed with. */
  readonly expiring: Expiry;
}

/** What is needed to keep notices. */
export interface NoticesOptions {
  /** The prefix that they lie below, with its slash at the end. */
  readonly prefix: string;
  readonly newId: () => string;
  /**
   * How long a notice outlives its requests: the time that its put may take, which is half of it at most, and what the
   * store's clocks may be apart.
   */
  readonly marginMs?: number;
}

/** As many keys as a notice may have. */
export const maxNoticedKeys = 10_000;
const maxNoticeBytes = 8 * 1024 * 1024;
/** Of all notices that are remembered. */
const maxRememberedKeys = 500_000;
/** How long a notice outlives its requests, unless it is said otherwise. */
const defaultMarginMs = usualTiming.marginMs;

/** The notices in one bucket. */
export class Notices {
  /** What is known to be damaged. */
  readonly damage: DamageMarks;
  readonly #objects: BucketObjects;
  readonly #options: NoticesOptions;
  readonly #marginMs: number;
  readonly #known = new BoundedMap<string, ReadonlySet<string>>(maxRememberedKeys, (keys) => keys.size + 1);

  constructor(objects: BucketObjects, options: NoticesOptions) {
    this.#objects = objects;
    this.#options = options;
    this.#marginMs = options.marginMs ?? defaultMarginMs;
    this.damage = new DamageMarks(objects, `${options.prefix}${contentsScope}/${damagePrefix}`);
  }

  /** Announces that these keys may be taken away, by requests that are good for so long. */
  async put(scope: NoticeScope, keys: readonly string[], { seconds }: { readonly seconds: number }): Promise<Notice> {
    if (keys.length > maxNoticedKeys) throw new RangeError(`${keys.length} keys in a notice`);
    const key = `${this.#options.prefix}${scope}/${seconds}-${this.#options.newId()}`;
    const { clock } = this.#objects.client.options;
    const started = clock.moment();
    const { dateMs } = await this.#objects.put(key, new TextEncoder().encode(keys.join("\n")));
    if (dateMs === undefined) throw new S3Failure(`PUT ${key}`, { status: 200, reason: "without a date" });
    // Later, nobody could tell when the store took it.
    if (clock.since(started) > this.#marginMs / 2)
      throw new S3Failure(`PUT ${key}`, { status: 0, reason: "soon enough to count" });
    return { key, expiring: { asOfMs: dateMs, seconds } };
  }

  /** Takes a notice away, all of whose requests were answered. */
  async remove(notice: Pick<Notice, "key">): Promise<void> {
    await this.#objects.delete(notice.key);
  }

  /** Everything that is noticed in the scope. What is in it now may go; what is not was not about to. */
  async list(scope: NoticeScope): Promise<Noticed> {
    const sets: ReadonlySet<string>[] = [];
    const marks = new Set<string>();
    for await (const { key, isNotice, isOver } of this.#scan(scope)) {
      if (!isNotice) marks.add(key);
      // Its requests are refused by now.
      if (isOver || !isNotice) continue;
      const keys = this.#known.get(key) ?? (await this.#read(key));
      if (keys !== undefined) sets.push(keys);
    }
    return {
      has: (key) => sets.some((keys) => keys.has(key)),
      isDamaged: (key, stat) => marks.size > 0 && marks.has(this.damage.keyOf(key, stat)),
    };
  }

  /** Removes notices whose time is over, of whoever died; returns how many. */
  async sweep(scope: NoticeScope = ""): Promise<number> {
    let count = 0;
    for await (const { key, isOver } of this.#scan(scope)) {
      if (!isOver) continue;
      await this.remove({ key });
      count += 1;
    }
    return count;
  }

  /** Undefined if it is gone: then its requests were answered, or are over. */
  async #read(key: string): Promise<ReadonlySet<string> | undefined> {
    const found = await this.#objects.read(key, maxNoticeBytes);
    if (found === undefined) {
      if ((await this.#objects.stat(key)) === undefined) return undefined;
      throw new S3Failure(`GET ${key}`, { status: 200, reason: "with more than a notice has" });
    }
    const keys = new Set(new TextDecoder().decode(found.bytes).split("\n"));
    this.#known.set(key, keys);
    return keys;
  }

  async *#scan(scope: NoticeScope): AsyncGenerator<ScannedKey> {
    const prefix = scope === "" ? this.#options.prefix : `${this.#options.prefix}${scope}/`;
    for await (const { objects, dateMs } of listPages(this.#objects.client, { prefix })) {
      for (const { key, stat } of objects) {
        const seconds = Number(/\/(\d+)-[^/]+$/.exec(key)?.[1]);
        // What is no notice of ours is no notice.
        const isNotice = !Number.isNaN(seconds);
        const endMs = stat.changedMs + seconds * 1000 + this.#marginMs;
        yield { key, isNotice, isOver: isNotice && dateMs !== undefined && endMs < dateMs };
      }
    }
  }
}

interface ScannedKey {
  readonly key: string;
  readonly isNotice: boolean;
  readonly isOver: boolean;
}

/** What is noticed, as of one listing. */
export interface Noticed {
  has(key: string): boolean;
  /** Whether the content that is there is known to be damaged. */
  isDamaged(key: string, stat: ObjectStat): boolean;
}

/** The notices of contents. */
export const contentsScope: NoticeScope = "blobs";

/** The scope of whatever has a name of its own. */
export function scopeOf(name: string): NoticeScope {
  return `r-${new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 16)}`;
}
