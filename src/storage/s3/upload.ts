// One request's hold on an upload. Nobody is kept out: of two nodes that go on with the same upload one finds that the
// other was faster, and its bytes do not count.
import type { Content } from "../../lib/content.ts";
import type { Upload } from "../ports.ts";
import type { BucketObjects } from "./bucket-objects.ts";
import { S3Failure } from "./failure.ts";
import { abortMultipart, completeMultipart, findCompleted, isNoUpload } from "./multipart.ts";
import { contentOfObject } from "./object-content.ts";
import type { PartMemory } from "./part-memory.ts";
import { copyObject } from "./server-copy.ts";
import { UploadParts } from "./upload-parts.ts";
import { emptyRecord, type KeptBytes, putRecord, type ReadRecord, sizeOf, type UploadRecord } from "./upload-record.ts";

/** Where an upload lies. */
export interface UploadPlaces {
  /** The upload's name; the bytes lie beside it, once there are no more to come. */
  readonly data: string;
  readonly record: string;
  readonly tail: string;
}

/** What a hold needs. */
export interface HoldOptions {
  readonly places: UploadPlaces;
  readonly memory: PartMemory;
  /** Undefined for an upload that nobody else knows of, and that ends with this hold. */
  readonly read: ReadRecord | undefined;
  readonly newId: () => string;
  /** Where the bytes are going, if that is known before the first of them: then nothing is copied, and nothing resumed. */
  readonly target?: string | undefined;
  /** Called when the hold has ended. */
  readonly release?: (() => void) | undefined;
  /** How large a part is, by its number. */
  readonly partBytes?: ((number: number) => number) | undefined;
}

/** Somebody else went on with the upload, or ended it. */
export class UploadMoved extends Error {
  readonly code = "EBUSY";
  constructor(key: string) {
    super(`another request went on with ${key}`);
    this.name = "UploadMoved";
  }
}

/** An upload that is being written to. Disposing of it makes what arrived known to every node. */
export class HeldUpload implements Upload {
  readonly #objects: BucketObjects;
  readonly #options: HoldOptions;
  readonly #parts: UploadParts;
  readonly #membership: Disposable;
  readonly #dataKey: string;
  /** Of the record that this hold leaves behind. */
  readonly #nonce: string;
  /** Bytes that were put aside, and are in no buffer. */
  #tail: KeptBytes | undefined;
  /** Of all that were put aside, whether or not they are still needed. */
  readonly #tailKeys: string[] = [];
  #sealed: KeptBytes | undefined;
  #copiedFrom: KeptBytes | undefined;
  /** With the size that it was kept for. */
  #note: { readonly text: string; readonly sizeBytes: number } | undefined;
  /** What is done at a time: a request's work, or putting bytes aside for others. */
  #turn: Promise<unknown> = Promise.resolve();
  #isChanged = false;
  #isActive = true;
  #isOver = false;

  constructor(objects: BucketObjects, options: HoldOptions) {
    const { places, memory, read, target, partBytes } = options;
    const record = read?.record ?? emptyRecord;
    this.#objects = objects;
    this.#options = options;
    this.#nonce = options.newId();
    const { uploadId, parts } = target === undefined ? record : emptyRecord;
    // Without parts nothing is on its way there, and another node may have begun as we do.
    const isBegun = record.uploadId !== undefined && record.dataKey !== undefined;
    this.#dataKey = isBegun ? (record.dataKey ?? "") : `${places.data}-${options.newId()}`;
    this.#parts = new UploadParts(objects, { memory, key: target ?? this.#dataKey, uploadId, parts, partBytes });
    this.#tail = record.tail;
    if (record.tail !== undefined) this.#tailKeys.push(record.tail.key);
    this.#sealed = record.sealed;
    this.#note = record.note === undefined ? undefined : { text: record.note, sizeBytes: sizeOf(record) };
    this.#membership = memory.join({ release: () => void this.#yield().catch(() => {}) });
  }

  /** Bytes received so far. */
  get sizeBytes(): number {
    return this.#sealed?.sizeBytes ?? this.#parts.sentBytes + this.#parts.rest.length + (this.#tail?.sizeBytes ?? 0);
  }

  /** Another one as soon as the bytes may be others: of the record that was read, or of that which is going to be. */
  get identity(): string {
    return this.#isChanged ? this.#nonce : (this.#options.read?.nonce ?? this.#nonce);
  }

  /** Whether its bytes are an object now, or were given up. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * What a committed upload leaves beside its record; undefined if only a listing tells. What a request left that lost a race
   * is not among it, and is purged by age.
   */
  get left(): readonly string[] | undefined {
    const { target, read } = this.#options;
    const beside = read?.record.beside;
    const isSmall = this.#sealed === undefined && (target !== undefined || this.#parts.upload === undefined);
    return this.#isOver && isSmall && beside !== undefined ? [...beside, ...this.#tailKeys] : undefined;
  }

  /** The store has what it has taken. */
  isRemembered(): boolean {
    return true;
  }

  /** What was kept when exactly so many bytes had arrived. */
  get note(): string | undefined {
    return this.#note?.sizeBytes === this.sizeBytes ? this.#note.text : undefined;
  }

  /** Keeps something beside the bytes, until there are more of them. */
  keep(text: string): void {
    if (this.note === text) return;
    this.#note = { text, sizeBytes: this.sizeBytes };
    this.#isChanged = true;
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    if (pieces.every((piece) => piece.length === 0)) return;
    await this.#inTurn(async () => {
      if (this.#sealed !== undefined) throw new RangeError("no bytes can be added any more");
      this.#isActive = true;
      this.#isChanged = true;
      await this.#fetchTail();
      for (const piece of pieces) await this.#parts.add(piece);
    });
  }

  /** No more bytes; only now they can be read. */
  async content(): Promise<Content> {
    return await this.#inTurn(async () => {
      // What is put together there is there for everybody, right or wrong.
      if (this.#options.target !== undefined) throw new RangeError("the bytes are read when they are in their place");
      const { key, ...stat } = await this.#seal();
      this.#isChanged = true;
      return contentOfObject(this.#objects, key, stat);
    });
  }

  /** Makes an object of the bytes, in one step that replaces what was there. The upload is over then. */
  async commit(to: string): Promise<void> {
    await this.#inTurn(async () => {
      const { places, target } = this.#options;
      if (target !== undefined && target !== to) throw new RangeError(`the bytes went to ${target}`);
      const isSmall = this.#sealed === undefined && this.#parts.upload === undefined;
      // All of it lies in one object already.
      const aside = isSmall && this.#parts.rest.length === 0 ? this.#tail : undefined;
      if (target !== undefined || (isSmall && aside === undefined)) await this.#putTogether(to);
      else {
        this.#copiedFrom = aside ?? (await this.#seal());
        if (!(await this.#copy(this.#copiedFrom, to))) throw new UploadMoved(places.data);
      }
      this.#isOver = true;
    });
  }

  /** Copies the bytes again, which lie beside the upload until it is discarded; what went to its place at once is nowhere else. */
  async commitAgain(to: string): Promise<boolean> {
    return await this.#inTurn(async () => this.#copiedFrom !== undefined && (await this.#copy(this.#copiedFrom, to)));
  }

  async #copy({ key: from, ...stat }: KeptBytes, to: string): Promise<boolean> {
    return await copyObject(this.#objects, { from, to, judged: { ...stat, changedMs: 0 } });
  }

  /** All bytes in one object, of which there will be no more. */
  async #seal(): Promise<KeptBytes> {
    this.#sealed ??= await this.#putTogether(this.#dataKey);
    return this.#sealed;
  }

  /** Of few bytes one put; of more the parts that they are. */
  async #putTogether(key: string): Promise<KeptBytes> {
    const parts = this.#parts;
    await this.#fetchTail();
    if (parts.upload === undefined) {
      const bytes = parts.rest;
      const { etag } = await this.#objects.put(key, bytes);
      parts.drop();
      return { key, etag, sizeBytes: bytes.length };
    }
    const rest = parts.describeRest();
    try {
      if (parts.rest.length > 0) await parts.send();
      const completed = await completeMultipart(this.#objects, parts.upload, await parts.requireAll());
      if (completed !== undefined) return { key, ...completed };
    } catch (error) {
      if (!(error instanceof S3Failure) || !isNoUpload(error)) throw error;
      // Whoever put it together before may have died before he could say so.
      const completed = await findCompleted(this.#objects, key, [...(await parts.settle()), ...rest]);
      if (completed !== undefined) return { key, ...completed };
    }
    throw new UploadMoved(key);
  }

  /** Takes into memory what was put aside. */
  async #fetchTail(): Promise<void> {
    const tail = this.#tail;
    if (tail === undefined) return;
    const found = await this.#objects.read(tail.key, tail.sizeBytes);
    if (found?.stat.etag !== tail.etag) throw new UploadMoved(this.#options.places.data);
    await this.#parts.add(found.bytes);
    this.#tail = undefined;
  }

  /** Puts aside what is too little for a part. */
  async #storeTail(): Promise<void> {
    const bytes = this.#parts.rest;
    if (bytes.length === 0) return this.#parts.drop();
    const key = `${this.#options.places.tail}-${this.#options.newId()}`;
    this.#tailKeys.push(key);
    const { etag } = await this.#objects.put(key, bytes);
    this.#tail = { key, etag, sizeBytes: bytes.length };
    this.#parts.drop();
  }

  /** Others wait for memory: what has not moved since they asked before gives way. */
  async #yield(): Promise<void> {
    const wasActive = this.#isActive;
    this.#isActive = false;
    if (wasActive || this.#options.target !== undefined || !this.#parts.isHolding) return;
    await this.#inTurn(async () => {
      if (!this.#isActive && !this.#isOver) await this.#storeTail();
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const mine = before.then(work, work);
    this.#turn = mine.catch(() => {});
    return await mine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#membership[Symbol.dispose]();
    await this.#turn;
    try {
      await this.#leave();
    } finally {
      this.#parts.drop();
      this.#options.release?.();
    }
  }

  /** Leaves nothing behind when it is disposed of: the upload was given up meanwhile. */
  async abandon(): Promise<void> {
    await this.#inTurn(async () => {
      this.#isOver = true;
      await this.#parts.settle();
      await this.#abort();
    });
  }

  async #leave(): Promise<void> {
    const { places, target, read } = this.#options;
    const parts = await this.#parts.settle();
    if (this.#isOver) return;
    if (target !== undefined || read === undefined) return await this.#abort();
    if (!this.#isChanged) return;
    // After a part that failed nothing counts that came later; what an earlier request had brought still does.
    const before = read.record;
    const { hasFailed } = this.#parts;
    if (hasFailed && this.#parts.sentBytes < sizeOf(before)) return this.#parts.requireToldFailure();
    if (!hasFailed && this.#sealed === undefined) await this.#storeTail();
    const kept = { parts, tail: hasFailed ? undefined : this.#tail, sealed: this.#sealed };
    const record: UploadRecord = {
      ...kept,
      uploadId: this.#parts.upload?.uploadId,
      dataKey: this.#dataKey,
      note: this.#note?.sizeBytes === sizeOf({ ...emptyRecord, ...kept }) ? this.#note.text : undefined,
      beside: before.beside,
      isGone: false,
    };
    const place = { key: places.record, expected: { etag: read.etag }, nonce: this.#nonce };
    const { isPut } = await putRecord(this.#objects, place, record);
    // What was begun by this request alone is of no use to anybody.
    if (!isPut && before.uploadId === undefined) await this.#abort();
    if (!isPut) throw new UploadMoved(places.data);
    // Nobody reads it any more; what stays goes with the upload.
    if (before.tail !== undefined && before.tail.key !== record.tail?.key)
      await this.#objects.delete(before.tail.key).catch(() => {});
    this.#parts.requireToldFailure();
  }

  async #abort(): Promise<void> {
    if (this.#parts.upload !== undefined) await abortMultipart(this.#objects, this.#parts.upload);
  }
}
