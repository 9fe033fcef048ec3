// Taking something away: announced first, then judged, then done by requests that the store refuses once the
// announcement is over.
import type { JudgedPrefix, Removing } from "../changes.ts";
import type { Key } from "../ports.ts";
import type { BucketObjects, Expiry, ObjectStat } from "./bucket-objects.ts";
import { putConditionally } from "./conditional-put.ts";
import { deleteMany, maxDeletions } from "./deletions.ts";
import { dropObject } from "./drop.ts";
import { S3Failure } from "./failure.ts";
import { maxNoticedKeys, type Notice, type NoticeScope, type Notices } from "./notices.ts";

/** What is to be announced. */
export interface RemovingOptions {
  readonly notices: Notices;
  readonly scope: NoticeScope;
  /** None: then nobody is told, and nothing can be deleted that others may rely on. */
  readonly keys: readonly string[];
  /** How long what follows may take. */
  readonly seconds: number;
}

/** The announcement is over: what is left has to be announced, and judged, anew. */
export class AnnouncementOver extends Error {
  readonly code = "ETIMEDOUT";
  constructor(key: string) {
    super(`what was announced took too long; ${key} was left as it is`);
    this.name = "AnnouncementOver";
  }
}

/** Announces that the keys may be taken away. Whoever gets it reads what needs them only afterwards. */
export async function beginRemoving(objects: BucketObjects, options: RemovingOptions): Promise<BucketRemoving> {
  const { notices, scope, keys, seconds } = options;
  const asOfMs = objects.client.options.clock.now();
  const put: Notice[] = [];
  for (let start = 0; start < keys.length; start += maxNoticedKeys)
    put.push(await notices.put(scope, keys.slice(start, start + maxNoticedKeys), { seconds }));
  // With the first one the time of all begins.
  const expiring = put[0]?.expiring ?? { asOfMs, seconds };
  return new BucketRemoving(objects, { notices, put, keys, expiring });
}

/** How something was announced. */
interface Announced {
  readonly notices: Notices;
  readonly put: readonly Notice[];
  readonly keys: readonly string[];
  readonly expiring: Expiry;
}

/** Something that was announced. Disposing of it ends the announcement, if no request is on its way any more. */
export class BucketRemoving implements Removing {
  readonly #objects: BucketObjects;
  readonly #announced: Announced;
  readonly #keys: ReadonlySet<string>;
  /** Whether a request was not answered: it may still be carried out, until the store refuses it. */
  #isOpen = false;
  #isOver = false;

  constructor(objects: BucketObjects, announced: Announced) {
    this.#objects = objects;
    this.#announced = announced;
    this.#keys = new Set(announced.keys);
  }

  /** Deletes an object that was announced; false if there was none. */
  async delete(key: Key): Promise<boolean> {
    this.#requireAnnounced([key]);
    if ((await this.#objects.stat(key)) === undefined) return false;
    const { expiring } = this.#announced;
    await this.#carryOut(key, async () => await this.#objects.delete(key, { expiring }));
    return true;
  }

  /** Deletes many that were announced; throws if the store refused one. */
  async deleteAll(keys: readonly Key[]): Promise<void> {
    const refused = await this.tryDeleteAll(keys);
    if (refused.length === 0) return;
    const reason = `refusing ${refused.length} of ${keys.length}, ${refused[0]} among them`;
    throw new S3Failure("POST of the bucket (delete)", { status: 200, reason });
  }

  /** Deletes many that were announced; returns those that the store refused to. */
  async tryDeleteAll(keys: readonly Key[]): Promise<readonly Key[]> {
    this.#requireAnnounced(keys);
    const { expiring } = this.#announced;
    const refused: string[] = [];
    for (let start = 0; start < keys.length; start += maxDeletions) {
      const batch = keys.slice(start, start + maxDeletions);
      const send = async () => await deleteMany(this.#objects.client, batch, { expiring });
      const failed = await this.#carryOut(batch[0] ?? "", send);
      refused.push(...failed.map(({ key }) => key));
    }
    return refused;
  }

  /** Deletes what nobody relies on; false if there was nothing. */
  async drop(key: Key): Promise<boolean> {
    return await dropObject(this.#objects, key);
  }

  /** What is left below the prefix is for a collection. */
  async discard(_prefix: Key, { key, judged }: JudgedPrefix): Promise<boolean> {
    return judged !== undefined && (await this.replace(key, { etag: judged.identity }, new Uint8Array()));
  }

  /** Replaces an object if it is still the one that was judged; false if it is not. */
  async replace(key: Key, judged: Pick<ObjectStat, "etag">, bytes: Uint8Array): Promise<boolean> {
    const { expiring } = this.#announced;
    const outcome = await this.#carryOut(key, async () => {
      return await putConditionally(this.#objects, { key, bytes, expected: judged }, { expiring });
    });
    this.#isOpen ||= outcome.isOpen;
    return outcome.isPut;
  }

  #requireAnnounced(keys: readonly Key[]): void {
    const stray = keys.find((key) => !this.#keys.has(key));
    if (stray !== undefined) throw new RangeError(`${stray} was not announced`);
  }

  async #carryOut<T>(key: Key, send: () => Promise<T>): Promise<T> {
    if (this.#isOver || this.#isPast()) throw new AnnouncementOver(key);
    try {
      return await send();
    } catch (error) {
      // The store refuses what is over as it refuses what is not allowed.
      if (error instanceof S3Failure && error.status === 403 && this.#isPast()) {
        this.#isOver = true;
        throw new AnnouncementOver(key);
      }
      this.#isOpen = true;
      throw error;
    }
  }

  #isPast(): boolean {
    const { asOfMs, seconds } = this.#announced.expiring;
    return this.#objects.client.options.clock.now() >= asOfMs + seconds * 1000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpen) return;
    const { notices, put } = this.#announced;
    // A notice that stays keeps others waiting for a while, and nothing else.
    for (const notice of put) await notices.remove(notice).catch(() => {});
  }
}
