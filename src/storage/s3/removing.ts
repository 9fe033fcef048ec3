// Taking something away: announced first, then judged, then done by requests that the store refuses once the
// announcement is over.
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { putConditionally } from "./conditional-put.ts";
import { deleteMany, maxDeletions } from "./deletions.ts";
import { S3Failure } from "./failure.ts";
import type { Notice, NoticeScope, Notices } from "./notices.ts";

/** What is to be announced. */
export interface RemovingOptions {
  readonly notices: Notices;
  readonly scope: NoticeScope;
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
  const notice = await notices.put(scope, keys, { seconds });
  return new BucketRemoving(objects, { notices, notice, keys });
}

/** Something that was announced. Disposing of it ends the announcement, if no request is on its way any more. */
export class BucketRemoving implements AsyncDisposable {
  readonly #objects: BucketObjects;
  readonly #notices: Notices;
  readonly #notice: Notice;
  readonly #keys: ReadonlySet<string>;
  /** Whether a request was not answered: it may still be carried out, until the store refuses it. */
  #isOpen = false;
  #isOver = false;

  constructor(
    objects: BucketObjects,
    options: { readonly notices: Notices; readonly notice: Notice; readonly keys: readonly string[] },
  ) {
    this.#objects = objects;
    this.#notices = options.notices;
    this.#notice = options.notice;
    this.#keys = new Set(options.keys);
  }

  /** When it was announced, by the store's clock. */
  get announcedMs(): number {
    return this.#notice.expiring.asOfMs;
  }

  /** Deletes an object, whether or not it is there. */
  async delete(key: string): Promise<void> {
    const { expiring } = this.#notice;
    await this.#carryOut([key], async () => await this.#objects.delete(key, { expiring }));
  }

  /** Deletes many; returns those that the store refused to. */
  async deleteAll(keys: readonly string[]): Promise<readonly string[]> {
    const { expiring } = this.#notice;
    const refused: string[] = [];
    for (let start = 0; start < keys.length; start += maxDeletions) {
      const batch = keys.slice(start, start + maxDeletions);
      const failed = await this.#carryOut(
        batch,
        async () => await deleteMany(this.#objects.client, batch, { expiring }),
      );
      refused.push(...failed.map(({ key }) => key));
    }
    return refused;
  }

  /** Replaces an object if it is still the one that was judged; false if it is not. */
  async replace(key: string, judged: Pick<ObjectStat, "etag">, bytes: Uint8Array): Promise<boolean> {
    const { expiring } = this.#notice;
    const outcome = await this.#carryOut([key], async () => {
      return await putConditionally(this.#objects, { key, bytes, expected: judged }, { expiring });
    });
    this.#isOpen ||= outcome.isOpen;
    return outcome.isPut;
  }

  async #carryOut<T>(keys: readonly string[], send: () => Promise<T>): Promise<T> {
    const stray = keys.find((key) => !this.#keys.has(key));
    if (stray !== undefined) throw new RangeError(`${stray} was not announced`);
    if (this.#isOver || this.#isPast()) throw new AnnouncementOver(keys[0] ?? "");
    try {
      return await send();
    } catch (error) {
      // The store refuses what is over as it refuses what is not allowed.
      if (error instanceof S3Failure && error.status === 403 && this.#isPast()) {
        this.#isOver = true;
        throw new AnnouncementOver(keys[0] ?? "");
      }
      this.#isOpen = true;
      throw error;
    }
  }

  #isPast(): boolean {
    const { asOfMs, seconds } = this.#notice.expiring;
    return this.#objects.client.options.clock.now() >= asOfMs + seconds * 1000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isOpen) return;
    // A notice that stays keeps others waiting for a while, and nothing else.
    await this.#notices.remove(this.#notice).catch(() => {});
  }
}
