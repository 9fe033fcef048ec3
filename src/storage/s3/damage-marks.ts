// Marks of contents whose bytes were found damaged, in one small prefix that is nearly always empty. A mark is of the very
// object that was judged, so what a push puts in its place is without it.
//
// …/damaged/<seconds since 1970>-<ETag>/<key of the content>: empty
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { listObjects } from "./listing.ts";

/** Where marks lie, below the notices of contents. */
export const damagePrefix = "damaged/";

/** How long readers go by what they saw. Who adds something looks anew. */
const rememberedMs = 5000;

/** The marks in one bucket. */
export class DamageMarks {
  readonly #objects: BucketObjects;
  readonly #prefix: string;
  #seen: { readonly sinceMs: number; readonly marks: Promise<ReadonlySet<string>> } | undefined;

  constructor(objects: BucketObjects, prefix: string) {
    this.#objects = objects;
    this.#prefix = prefix;
  }

  /** Where the mark of this content lies, if it has one. */
  keyOf(key: string, { etag, changedMs }: ObjectStat): string {
    return `${this.#prefix}${Math.floor(changedMs / 1000)}-${encodeURIComponent(etag)}/${key}`;
  }

  /** Whether it has one, as of a few seconds ago. */
  async has(key: string, stat: ObjectStat): Promise<boolean> {
    const marks = await this.#recent();
    return marks.size > 0 && marks.has(this.keyOf(key, stat));
  }

  /** Marks what was judged, or takes its mark away. */
  async note(key: string, stat: ObjectStat, isDamaged: boolean): Promise<void> {
    const mark = this.keyOf(key, stat);
    await (isDamaged ? this.#objects.put(mark, new Uint8Array()) : this.#objects.delete(mark));
    this.#seen = undefined;
  }

  /** Removes the marks of what is no longer there. */
  async sweep(): Promise<void> {
    for (const mark of await this.#list()) {
      const content = mark.slice(mark.indexOf("/", this.#prefix.length) + 1);
      const stat = await this.#objects.stat(content);
      if (stat === undefined || this.keyOf(content, stat) !== mark) await this.#objects.delete(mark);
    }
  }

  async #recent(): Promise<ReadonlySet<string>> {
    const nowMs = this.#objects.client.options.clock.now();
    const seen = this.#seen;
    if (seen !== undefined && Math.abs(nowMs - seen.sinceMs) < rememberedMs) return await seen.marks;
    const marks = this.#list();
    // Of a listing that failed nothing is remembered.
    const fresh = { sinceMs: nowMs, marks };
    this.#seen = fresh;
    marks.catch(() => {
      if (this.#seen === fresh) this.#seen = undefined;
    });
    return await marks;
  }

  async #list(): Promise<ReadonlySet<string>> {
    const found = await Array.fromAsync(listObjects(this.#objects.client, { prefix: this.#prefix }));
    return new Set(found.map(({ key }) => key));
  }
}
