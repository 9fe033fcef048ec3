// The object of a segment, as the process that works on it replaces it: as a whole, and only what it put there itself.
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { putConditionally } from "./conditional-put.ts";
import { formatSegment, parseSegment, type SegmentHead, type SegmentRecord } from "./journal-lines.ts";

/** What was found of a segment. */
export interface FoundSegment {
  readonly head: SegmentHead;
  readonly records: readonly SegmentRecord[];
  readonly stat: ObjectStat;
}

/** Whose object, and where. */
export interface SegmentObjectOptions {
  readonly objects: BucketObjects;
  readonly key: string;
  /** The process that works on it. */
  readonly id: string;
}

/** More cannot be read at once. */
const maxBytes = 15 * 1024 * 1024;
/** Everybody's events wait behind one put, so one that got stuck is sent again soon. */
const patienceMs = 10_000;
/** A put is done again if one of our own was in its way whose answer was lost. */
const maxPuts = 5;

/** Reads one; undefined if there is none, or it is something else. */
export async function readSegment(objects: BucketObjects, key: string): Promise<FoundSegment | undefined> {
  const found = await objects.read(key, maxBytes);
  const parsed = found && parseSegment(found.bytes);
  return found && parsed && { ...parsed, stat: found.stat };
}

/** An object that this process replaces. */
export class SegmentObject {
  readonly #options: SegmentObjectOptions;
  #etag: string | undefined;
  #version: number;
  #sizeBytes = 0;

  /** A new one; or one that was found, and is taken over by the first put. */
  constructor(options: SegmentObjectOptions, found?: Pick<FoundSegment, "head" | "stat">) {
    this.#options = options;
    this.#etag = found?.stat.etag;
    this.#version = found?.head.version ?? 0;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Replaces it; false if another process has it. After a failure nobody knows what is in it, and the next put finds out. */
  async put(
    records: readonly SegmentRecord[],
    { appendedMs, holder = this.#options.id }: Pick<SegmentHead, "appendedMs"> & Partial<SegmentHead>,
  ): Promise<boolean> {
    const { objects, key } = this.#options;
    for (let count = 0; count < maxPuts; count += 1) {
      this.#version += 1;
      const bytes = formatSegment({ holder, version: this.#version, appendedMs }, records);
      if (bytes.length > maxBytes)
        throw new RangeError(`${bytes.length} bytes are too many for a segment of the journal`);
      const expected = this.#etag === undefined ? "nothing" : { etag: this.#etag };
      const outcome = await putConditionally(objects, { key, bytes, expected }, { patienceMs });
      if (outcome.isPut) {
        this.#etag = outcome.etag;
        this.#sizeBytes = bytes.length;
        return true;
      }
      if (!(await this.isOurs())) return false;
    }
    return false;
  }

  /** Whether what is there was put by this process; then that is what is replaced next. */
  async isOurs(): Promise<boolean> {
    const found = await this.read();
    if (found?.head.holder !== this.#options.id) return false;
    this.#etag = found.stat.etag;
    return true;
  }

  /** Whether this is what was put last. */
  isLatest(etag: string): boolean {
    return etag === this.#etag;
  }

  async read(): Promise<FoundSegment | undefined> {
    return await readSegment(this.#options.objects, this.#options.key);
  }

  async delete(): Promise<void> {
    await this.#options.objects.delete(this.#options.key);
  }
}
