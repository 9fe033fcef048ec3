// How far a transfer is, and the reading of what has arrived. The reading side of a transfer: it neither asks the
// upstream nor writes.
import type { followArrival } from "../registry/arrival.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { type BlobSource, keptBackBytes, passThrough } from "./receive.ts";
import { SharedPieces } from "./shared-pieces.ts";

/** How a transfer came to its end. */
export type End =
  /** Everything has arrived and is verified. */
  | { readonly kind: "right" }
  /** It is not kept, and its file is empty: readers go on by themselves, from the last checkpoint before them. */
  | { readonly kind: "spilled"; readonly checkpoints: Checkpoints }
  | { readonly kind: "failed"; readonly error: unknown };

/** A descriptor of the growing file. */
export type Following = NonNullable<Awaited<ReturnType<typeof followArrival>>>;

/** Part of a blob: from `start` up to, but without, `end`. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Who is told of what becomes of the readers. */
export interface ProgressListener {
  /** Told when a reader comes or leaves. */
  readonly onReaders: (count: number) => void;
  /** Told when nothing is written any more and the file is closed. */
  readonly onClosed: () => void;
}

/** The state that a transfer and its readers share. */
export class TransferProgress {
  readonly #source: BlobSource;
  readonly #listener: ProgressListener;
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

  constructor(source: BlobSource, listener: ProgressListener) {
    this.#source = source;
    this.#listener = listener;
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

  /** Whether the file that is read from is closed. */
  get isClosed(): boolean {
    return this.#isOver && this.#readers === 0;
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
    this.notify();
  }

  /** Says that nothing is written any more; the file is closed when nobody reads it. */
  close(): void {
    this.#isOver = true;
    if (this.#readers === 0) this.#closeFile();
    this.notify();
  }

  #closeFile(): void {
    this.#following?.[Symbol.dispose]();
    this.#listener.onClosed();
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
    return this.#end?.kind === "right" ? this.#arrivedBytes : Math.max(0, this.#arrivedBytes - keptBackBytes);
  }

  /** The bytes as they come. */
  async *read(part: Part = { start: 0, end: Number.POSITIVE_INFINITY }): AsyncGenerator<Uint8Array> {
    const { end } = part;
    let position = part.start;
    this.#countReaders(1);
    try {
      for (;;) {
        const { promise: changed } = this.#changed;
        if (this.#end?.kind === "spilled") return yield* this.#goOn(this.#end.checkpoints, { start: position, end });
        const available = Math.min(this.availableBytes, end);
        const piece = position < available ? await this.#readPiece(position, available) : undefined;
        if (piece !== undefined && piece.length > 0) {
          position += piece.length;
          this.#releasedBytes = Math.max(this.#releasedBytes, position);
          yield piece;
        } else if (position >= end) return;
        else if (this.#end?.kind === "failed") throw this.#end.error;
        else if (this.#end?.kind !== "right") await changed;
        else if (position < available) throw new Error("the transfer's file is too short");
        else return;
      }
    } finally {
      this.#countReaders(-1);
      if (this.#readers === 0 && this.#isOver) this.#closeFile();
    }
  }

  #countReaders(change: number): void {
    this.#readers += change;
    this.#listener.onReaders(this.#readers);
  }

  async #readPiece(offset: number, end: number): Promise<Uint8Array> {
    const following = this.#following;
    if (following === undefined) throw new Error("the transfer has no file");
    const read = (from: number, maxBytes: number) => following.read(from, maxBytes);
    const piece = await this.#pieces.read(read, { offset, end, isAlone: this.#readers === 1 });
    return piece.subarray(0, end - offset);
  }

  async *#goOn(checkpoints: Checkpoints, range: Part): AsyncGenerator<Uint8Array> {
    const abort = new AbortController();
    try {
      yield* passThrough(this.#source, { range, hash: checkpoints.before(range.start), signal: abort.signal });
    } finally {
      abort.abort();
    }
  }
}
