// The parts of one upload: filled one after the other, two on their way at once, in memory that all uploads share.
import type { BucketObjects } from "./bucket-objects.ts";
import { createMultipart, type MultipartUpload, putPart, type StoredPart } from "./multipart.ts";
import type { PartMemory } from "./part-memory.ts";
import { maxParts, partBytesOf } from "./part-plan.ts";

/** As many of one upload are on their way at once. */
const maxSending = 2;

/** What there is already, and where more goes. */
export interface UploadPartsOptions {
  readonly memory: PartMemory;
  /** The object that the parts become. */
  readonly key: string;
  readonly uploadId: string | undefined;
  readonly parts: readonly StoredPart[];
  /** How large a part is, by its number. */
  readonly partBytes?: ((number: number) => number) | undefined;
}

/** Parts on their way. */
export class UploadParts {
  readonly #objects: BucketObjects;
  readonly #memory: PartMemory;
  readonly #key: string;
  readonly #partBytes: (number: number) => number;
  #upload: MultipartUpload | undefined;
  readonly #stored: StoredPart[];
  #next: number;
  readonly #sending = new Set<Promise<void>>();
  #failure: unknown;
  #isTold = false;
  #buffer: Uint8Array | undefined;
  #filledBytes = 0;
  #sentBytes: number;

  constructor(objects: BucketObjects, { memory, key, uploadId, parts, partBytes = partBytesOf }: UploadPartsOptions) {
    this.#objects = objects;
    this.#memory = memory;
    this.#key = key;
    this.#partBytes = partBytes;
    this.#upload = uploadId === undefined ? undefined : { key, uploadId };
    this.#stored = [...parts];
    this.#next = parts.length + 1;
    this.#sentBytes = parts.reduce((total, part) => total + part.sizeBytes, 0);
  }

  /** What was begun in the store; undefined while no part was full. */
  get upload(): MultipartUpload | undefined {
    return this.#upload;
  }

  /** Bytes of parts that were sent, or are on their way; once one has failed, of those before it. */
  get sentBytes(): number {
    if (this.#failure === undefined) return this.#sentBytes;
    return this.#inOrder().reduce((total, part) => total + part.sizeBytes, 0);
  }

  /** The bytes that are too few for a part so far. */
  get rest(): Uint8Array {
    if (this.#failure !== undefined) return new Uint8Array();
    return this.#buffer?.subarray(0, this.#filledBytes) ?? new Uint8Array();
  }

  /** Whether memory is held for them. */
  get isHolding(): boolean {
    return this.#buffer !== undefined;
  }

  /** Adds bytes; throws what an earlier part failed with. */
  async add(bytes: Uint8Array): Promise<void> {
    for (let position = 0; position < bytes.length; ) {
      this.#check();
      this.#buffer ??= await this.#memory.take(this.#partBytes(this.#next));
      const piece = bytes.subarray(position, position + this.#buffer.length - this.#filledBytes);
      this.#buffer.set(piece, this.#filledBytes);
      this.#filledBytes += piece.length;
      position += piece.length;
      if (this.#filledBytes === this.#buffer.length) await this.send();
    }
  }

  /** Sends what there is as a part, however little it is. */
  async send(): Promise<void> {
    if (this.#next > maxParts) throw new RangeError(`an upload has ${maxParts} parts at most`);
    while (this.#sending.size >= maxSending) await Promise.race(this.#sending);
    this.#check();
    this.#upload ??= await createMultipart(this.#objects, this.#key);
    const [upload, number, buffer, bytes] = [this.#upload, this.#next, this.#buffer, this.rest];
    this.#next += 1;
    this.#sentBytes += bytes.length;
    this.#buffer = undefined;
    this.#filledBytes = 0;
    const sending = this.#put(upload, { number, bytes }).finally(() => {
      if (buffer !== undefined) this.#memory.put(buffer);
      this.#sending.delete(sending);
    });
    this.#sending.add(sending);
  }

  async #put(upload: MultipartUpload, part: { readonly number: number; readonly bytes: Uint8Array }): Promise<void> {
    try {
      this.#stored.push(await putPart(this.#objects, upload, part));
    } catch (error) {
      this.#failure ??= error;
    }
  }

  /** The part that the rest would be, if there is any. */
  describeRest(): readonly StoredPart[] {
    const bytes = this.rest;
    if (bytes.length === 0) return [];
    const etag = new Bun.CryptoHasher("md5").update(bytes).digest("hex");
    return [{ number: this.#next, etag, sizeBytes: bytes.length }];
  }

  /** Waits for what is on its way; all parts in order, up to the first one that is missing. */
  async settle(): Promise<readonly StoredPart[]> {
    await Promise.all(this.#sending);
    return this.#inOrder();
  }

  #inOrder(): readonly StoredPart[] {
    const sorted = this.#stored.toSorted((left, right) => left.number - right.number);
    return sorted.filter((part, index) => part.number === index + 1);
  }

  /** Whether every part that was sent has arrived; throws what one failed with. */
  async requireAll(): Promise<readonly StoredPart[]> {
    const parts = await this.settle();
    this.#check();
    return parts;
  }

  /** Gives the memory of the rest back, which is lost. */
  drop(): void {
    if (this.#buffer !== undefined) this.#memory.put(this.#buffer);
    this.#buffer = undefined;
    this.#filledBytes = 0;
  }

  /** Whether a part has failed. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Throws what a part failed with, unless somebody has heard of it already. */
  requireToldFailure(): void {
    if (!this.#isTold) this.#check();
  }

  /** What was filled meanwhile has no part to go into any more. */
  #check(): void {
    if (this.#failure === undefined) return;
    this.drop();
    this.#isTold = true;
    throw this.#failure;
  }
}
