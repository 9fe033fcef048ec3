// How far a transfer is, and the reading of what has arrived. The reading side of a transfer: it neither asks the
// upstream nor writes.
import type { RunningHash } from "../oci/hash.ts";
import type { followArrival } from "../registry/arrival.ts";
import { type BlobSource, keptBackBytes, passThrough } from "./receive.ts";
import { SharedPieces } from "./shared-pieces.ts";

/** How a transfer came to its end. */
export type End =
  /** Everything has arrived and is verified. */
  | { readonly kind: "right" }
  /** The disk takes no more: readers go on by themselves, from where this hash stands. */
  | { readonly kind: "spilled"; readonly hash: RunningHash }
  | { readonly kind: "failed"; readonly error: unknown };

/** A descriptor of the growing file. */
export type Following = NonNullable<Awaited<ReturnType<typeof followArrival>>>;

/** Part of a blob: from `start` up to, but without, `end`. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** The state that a transfer and its readers share. */
export class TransferProgress {
  readonly #source: BlobSource;
  /** Told when the last reader has left, and when the first one comes. */
  readonly #onReaders: (count: number) => void;
  readonly #pieces = new SharedPieces();
  #changed = Promise.withResolvers<void>();
  #following: Following | undefined;
  #arrivedBytes = 0;
  #releasedBytes = 0;
  #end: End | undefined;
  #readers = 0;
  #isOver = false;
  /** The size of the blob, once somebody has said it. */
  announcedBytes: number | undefined;

  constructor(source: BlobSource, onReaders: (count: number) => void) {
    this.#source = source;
    this.#onReaders = onReaders;
    this.announcedBytes = source.expectedBytes;
  }

  /** The size of the blob, where it is known. */
  get totalBytes(): number | undefined {
    return this.#end?.kind === "right" ? this.#arrivedBytes : this.announcedBytes;
  }

  get end(): End | undefined {
    return this.#end;
  }

  get arrivedBytes(): number {
    return this.#arrivedBytes;
  }

  /** Whether somebody has got a part of it. */
  get isReleased(): boolean {
    return this.#releasedBytes > 0;
  }

  /** The file that is read from. */
  get following(): Following | undefined {
    return this.#following;
  }

  /** Reads from another file from now on. */
  follow(following: Following | undefined): void {
    this.#following?.[Symbol.dispose]();
    this.#following = following;
    this.#pieces.clear();
    this.#arrivedBytes = 0;
  }

  /** Says how much has arrived. */
  arrive(arrivedBytes: number): void {
    this.#arrivedBytes = arrivedBytes;
    this.notify();
  }

  /** Says how it ended. */
  finish(end: End): void {
    this.#end = end;
    if (end.kind === "spilled") this.#arrivedBytes = end.hash.sizeBytes;
    this.notify();
  }

  /** Says that nothing is written any more; the file is closed when nobody reads it. */
  close(): void {
    this.#isOver = true;
    if (this.#readers === 0) this.#following?.[Symbol.dispose]();
    this.notify();
  }

  /** Wakes who waits for a change. */
  notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** Settles at the next change. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** What may be handed out: the last bytes only when all of them are verified. */
  get availableBytes(): number {
    const isJudged = this.#end?.kind === "right" || this.#end?.kind === "spilled";
    return isJudged ? this.#arrivedBytes : Math.max(0, this.#arrivedBytes - keptBackBytes);
  }

  /** The bytes as they come. */
  async *read(part: Part = { start: 0, end: Number.POSITIVE_INFINITY }): AsyncGenerator<Uint8Array> {
    const { end } = part;
    let position = part.start;
    this.#readers += 1;
    this.#onReaders(this.#readers);
    try {
      for (;;) {
        const available = Math.min(this.availableBytes, end);
        if (position < available) {
          const piece = (await this.#readPiece(position, available)).subarray(0, available - position);
          if (piece.length === 0) throw new Error("the transfer's file is too short");
          position += piece.length;
          this.#releasedBytes = Math.max(this.#releasedBytes, position);
          yield piece;
        } else if (position >= end || this.#end?.kind === "right") return;
        else if (this.#end?.kind === "failed") throw this.#end.error;
        else if (this.#end?.kind === "spilled") return yield* this.#goOn(this.#end.hash, { start: position, end });
        else await this.#changed.promise;
      }
    } finally {
      this.#readers -= 1;
      this.#onReaders(this.#readers);
      if (this.#readers === 0 && this.#isOver) this.#following?.[Symbol.dispose]();
    }
  }

  async #readPiece(offset: number, end: number): Promise<Uint8Array> {
    const following = this.#following;
    if (following === undefined) throw new Error("the transfer has no file");
    const read = (from: number, maxBytes: number) => following.read(from, maxBytes);
    return this.#pieces.read(read, { offset, end, isAlone: this.#readers === 1 });
  }

  async *#goOn(hash: RunningHash, range: Part): AsyncGenerator<Uint8Array> {
    const abort = new AbortController();
    try {
      yield* passThrough(this.#source, { range, hash: hash.fork(), signal: abort.signal });
    } finally {
      abort.abort();
    }
  }
}
