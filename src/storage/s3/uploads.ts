// Uploads in a bucket: begun by one node, continued by any, ended by any.
import type { BucketObjects } from "./bucket-objects.ts";
import { deleteMany, maxDeletions } from "./deletions.ts";
import { listObjects } from "./listing.ts";
import { abortMultipart } from "./multipart.ts";
import type { PartMemory } from "./part-memory.ts";
import { HeldUpload, UploadMoved, type UploadPlaces } from "./upload.ts";
import { emptyRecord, putRecord, readRecord, sizeOf } from "./upload-record.ts";

/** What uploads need. */
export interface BucketUploadsOptions {
  readonly memory: PartMemory;
  readonly newId: () => string;
  /** How large a part is, by its number, if it is not as stores want it. */
  readonly partBytes?: (number: number) => number;
}

/** How an upload is held. */
export interface OpenBucketUpload {
  readonly target?: string | undefined;
  /** Called when the hold has ended. */
  readonly release?: (() => void) | undefined;
}

/** The uploads of a bucket. An upload's key is that of its bytes; the rest lies beside them. */
export class BucketUploads {
  readonly #objects: BucketObjects;
  readonly #options: BucketUploadsOptions;

  constructor(objects: BucketObjects, options: BucketUploadsOptions) {
    this.#objects = objects;
    this.#options = options;
  }

  /** Begins an upload of no bytes under a new key, with small objects beside it. */
  async create(key: string, beside: Readonly<Record<string, string>>): Promise<void> {
    const place = { key: placesOf(key).record, expected: "nothing", nonce: this.#options.newId() } as const;
    const around = Object.entries(beside).map(([name, text]) => ({ key: `${prefixOf(key)}${name}`, text }));
    const record = { ...emptyRecord, beside: around.map((each) => each.key) };
    const [{ isPut }] = await Promise.all([
      putRecord(this.#objects, place, record),
      ...around.map((each) => this.#objects.put(each.key, new TextEncoder().encode(each.text))),
    ]);
    if (!isPut) throw new UploadMoved(key);
  }

  /** How many bytes have arrived; undefined if there is no such upload. */
  async size(key: string): Promise<number | undefined> {
    const read = await readRecord(this.#objects, placesOf(key).record);
    return read === undefined || read.record.isGone ? undefined : sizeOf(read.record);
  }

  /** When an upload, or what is left of one, last changed; undefined if there is nothing. */
  async changedMs(key: string): Promise<number | undefined> {
    const stat = await this.#objects.stat(placesOf(key).record);
    if (stat !== undefined) return stat.changedMs;
    const left = await Array.fromAsync(listObjects(this.#objects.client, { prefix: prefixOf(key) }));
    return left.length === 0 ? undefined : Math.max(...left.map((each) => each.stat.changedMs));
  }

  /** Goes on with an upload; undefined if there is none. With `target`, if it has no bytes, they go there at once. */
  async open(key: string, { target, release }: OpenBucketUpload = {}): Promise<HeldUpload | undefined> {
    const places = placesOf(key);
    const read = await readRecord(this.#objects, places.record);
    if (read === undefined || read.record.isGone) return undefined;
    const isUntouched =
      sizeOf(read.record) === 0 && read.record.sealed === undefined && read.record.uploadId === undefined;
    const options = { ...this.#options, places, read, release };
    return new HeldUpload(this.#objects, { ...options, target: isUntouched ? target : undefined });
  }

  /** An upload that nobody else knows of, and that ends with this hold: nothing is kept about it. */
  openBrief(key: string, options: OpenBucketUpload): HeldUpload {
    return new HeldUpload(this.#objects, { ...this.#options, ...options, places: placesOf(key), read: undefined });
  }

  /**
   * Removes what is left of an upload that is over: first its record, so that nobody goes on with it. `left` is what else
   * there is; without it a listing tells.
   */
  async discard(key: string, left?: readonly string[]): Promise<void> {
    await this.#objects.delete(placesOf(key).record);
    await this.#deleteAll(left ?? (await this.#list(key)));
  }

  /** Ends an upload and removes what is left of it, in whatever state it is. */
  async cancel(key: string): Promise<void> {
    const recordKey = placesOf(key).record;
    const read = await readRecord(this.#objects, recordKey);
    if (read !== undefined && !read.record.isGone) {
      const place = { key: recordKey, expected: { etag: read.etag }, nonce: this.#options.newId() };
      const { isPut } = await putRecord(this.#objects, place, { ...read.record, isGone: true });
      if (!isPut) throw new UploadMoved(key);
    }
    const { uploadId, dataKey } = read?.record ?? emptyRecord;
    if (uploadId !== undefined && dataKey !== undefined)
      await abortMultipart(this.#objects, { key: dataKey, uploadId });
    // The record is the last thing to go: until then somebody else can finish this.
    await this.#deleteAll((await this.#list(key)).filter((each) => each !== recordKey));
    if (read !== undefined) await this.#objects.delete(recordKey);
  }

  async #list(key: string): Promise<readonly string[]> {
    const left = await Array.fromAsync(listObjects(this.#objects.client, { prefix: prefixOf(key) }));
    return left.map((each) => each.key);
  }

  async #deleteAll(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += maxDeletions)
      await deleteMany(this.#objects.client, keys.slice(start, start + maxDeletions));
  }
}

function prefixOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/") + 1);
}

function placesOf(key: string): UploadPlaces {
  return { data: key, record: `${prefixOf(key)}session`, tail: `${prefixOf(key)}tail` };
}
