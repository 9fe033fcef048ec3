// Uploads in a bucket: begun by one node, continued by any, ended by any.
import type { BucketObjects } from "./bucket-objects.ts";
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
    const { record } = placesOf(key);
    for (const [name, text] of Object.entries(beside))
      await this.#objects.put(`${prefixOf(key)}${name}`, new TextEncoder().encode(text));
    const { isPut } = await putRecord(
      this.#objects,
      { key: record, expected: "nothing", nonce: this.#options.newId() },
      emptyRecord,
    );
    if (!isPut) throw new UploadMoved(key);
  }

  /** How many bytes have arrived; undefined if there is no such upload. */
  async size(key: string): Promise<number | undefined> {
    const read = await readRecord(this.#objects, placesOf(key).record);
    return read === undefined || read.record.isGone ? undefined : sizeOf(read.record);
  }

  /** Goes on with an upload; undefined if there is none. With `target`, if it has no bytes, they go there at once. */
  async open(key: string, { target }: { readonly target?: string } = {}): Promise<HeldUpload | undefined> {
    const places = placesOf(key);
    const read = await readRecord(this.#objects, places.record);
    if (read === undefined || read.record.isGone) return undefined;
    const isUntouched =
      sizeOf(read.record) === 0 && read.record.sealed === undefined && read.record.uploadId === undefined;
    return new HeldUpload(this.#objects, { ...this.#options, places, read, target: isUntouched ? target : undefined });
  }

  /** Ends an upload and removes what is left of it, in whatever state it is. */
  async discard(key: string): Promise<void> {
    const { record: recordKey } = placesOf(key);
    const read = await readRecord(this.#objects, recordKey);
    if (read !== undefined) {
      const place = { key: recordKey, expected: { etag: read.etag }, nonce: this.#options.newId() };
      const { isPut } = await putRecord(this.#objects, place, { ...read.record, isGone: true });
      if (!isPut) throw new UploadMoved(key);
      const { uploadId, dataKey } = read.record;
      if (uploadId !== undefined && dataKey !== undefined)
        await abortMultipart(this.#objects, { key: dataKey, uploadId });
    }
    for await (const { key: left } of listObjects(this.#objects.client, { prefix: prefixOf(key) })) {
      // The last thing to go: until then nobody begins the same upload anew.
      if (left !== recordKey) await this.#objects.delete(left);
    }
    await this.#objects.delete(recordKey);
  }
}

function prefixOf(key: string): string {
  return key.slice(0, key.lastIndexOf("/") + 1);
}

function placesOf(key: string): UploadPlaces {
  return { data: key, record: `${prefixOf(key)}session`, tail: `${prefixOf(key)}tail` };
}
