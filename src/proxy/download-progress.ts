// The reading side of a download: how far it is, and what has arrived. It neither asks the upstream nor writes.

import type { BlobSource } from "../client/receive.ts";
import { RegistryError } from "../oci/errors.ts";
import type { followArrival } from "../registry/arrival.ts";
import type { Checkpoints } from "./checkpoints.ts";
import { heldBackBytes, passThrough } from "./pass-through.ts";
import { SharedPieces } from "./shared-pieces.ts";

/** How a download ended. */
export type End =
  /** Everything has arrived and is verified. */
  | { readonly kind: "verified" }
  /** It is not kept, and its file is empty: readers resume by themselves from the last checkpoint. */
  | { readonly kind: "uncached"; readonly checkpoints: Checkpoints }
  | { readonly kind: "failed"; readonly error: unknown };

/** The file of a download, open for reading while it grows. */
export type GrowingFile = NonNullable<Awaited<ReturnType<typeof followArrival>>>;

/** Part of a blob: from `start` up to, but not including, `end`. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Told about the readers. */
export interface ProgressListener {
  /** Called when a reader comes or leaves. */
  readonly onReaders: (count: number) => void;
  /** Called when the download is over and the file is closed. */
  readonly onClosed: () => void;
}

const wholeBlob: Part = { start: 0, end: Number.POSITIVE_INFINITY };

/** The state that a download and its readers share. */
export class DownloadProgress {
  readonly #source: BlobSource;
  readonly #listener: ProgressListener;
  readonly #pieces = new SharedPieces();
  #changed = Promise.withResolvers<void>();
  #file: GrowingFile | undefined;
  #arrivedBytes = 0;
  #releasedBytes = 0;
  #end: End | undefined;
  #readers = 0;
  #isOver = false;
  #announcedBytes: number | undefined;

  constructor(source: BlobSource, listener: ProgressListener) {
    this.#source = source;
    this.#listener = listener;
    this.#announcedBytes = source.expectedBytes;
  }

  /** The size of the blob, if it is known. */
  get totalBytes(): number | undefined {
    return this.#end?.kind === "verified" ? this.#arrivedBytes : this.#announcedBytes;
  }

  get end(): End | undefined {
    return this.#end;
  }

  get arrivedBytes(): number {
    return this.#arrivedBytes;
  }

  /** Whether any reader has been given a part of it. */
  get isReleased(): boolean {
    return this.#releasedBytes > 0;
  }

  /** Whether writing has ended. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether the file is closed. */
  get isClosed(): boolean {
    return this.#isOver && this.#readers === 0;
  }

  /** The file that readers read. */
  get file(): GrowingFile | undefined {
    return this.#file;
  }

  /** Makes readers read another file from now on. */
  readFrom(file: GrowingFile | undefined): void {
    this.#file?.[Symbol.dispose]();
    this.#file = file;
    this.#pieces.clear();
    this.#arrivedBytes = 0;
  }

  /** Records the size that the blob will have. */
  announce(totalBytes: number): void {
    this.#announcedBytes = totalBytes;
  }

  /** Records how much has arrived. */
  arrive(arrivedBytes: number): void {
    this.#arrivedBytes = arrivedBytes;
    this.#notify();
  }

  /** Records how it ended. */
  finish(end: End): void {
    this.#end = end;
    this.#notify();
  }

  /** Ends the writing. The file is closed once it has no reader. */
  close(): void {
    this.#isOver = true;
    this.#closeFile();
    this.#notify();
  }

  #closeFile(): void {
    if (!this.isClosed) return;
    this.#file?.[Symbol.dispose]();
    this.#listener.onClosed();
  }

  #notify(): void {
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  /** Settles at the next change. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** How much readers may have: the last bytes only when all of them are verified. */
  get availableBytes(): number {
    return this.#end?.kind === "verified" ? this.#arrivedBytes : Math.max(0, this.#arrivedBytes - heldBackBytes);
  }

  /** The bytes as they arrive. */
  async *read(part = wholeBlob): AsyncGenerator<Uint8Array> {
    let position = part.start;
    this.#countReaders(1);
    try {
      for (;;) {
        // One view of everything: whatever changes after it settles `changed`.
        const [changed, end, available] = [this.changed(), this.#end, Math.min(this.availableBytes, part.end)];
        if (end?.kind === "uncached") {
          const range = { start: position, end: part.end };
          return yield* passThrough(this.#source, { range, hash: end.checkpoints.before(position) });
        }
        const piece = position < available ? await this.#readPiece(position, available) : undefined;
        if (piece !== undefined && piece.length > 0) {
          position += piece.length;
          this.#releasedBytes = Math.max(this.#releasedBytes, position);
          yield piece;
        } else if (position >= part.end) return;
        // It may have ended in another way while the piece was read: then the file is empty.
        else if (end === undefined || end !== this.#end) await changed;
        else return assertWhole(end, position >= available);
      }
    } finally {
      this.#countReaders(-1);
      this.#closeFile();
    }
  }

  #countReaders(change: number): void {
    this.#readers += change;
    this.#listener.onReaders(this.#readers);
  }

  async #readPiece(offset: number, end: number): Promise<Uint8Array> {
    const file = this.#file;
    if (file === undefined) throw new Error("the download has no file");
    const read = (from: number, maxBytes: number) => file.read(from, maxBytes);
    const piece = await this.#pieces.read(read, { offset, end, isAlone: this.#readers === 1 });
    return piece.subarray(0, end - offset);
  }
}

/** Throws unless the reader has had everything. */
function assertWhole(end: End, isEverythingRead: boolean): void {
  if (end.kind === "failed") throw end.error;
  if (!isEverythingRead) throw new Error("the download's file is too short");
}

/** The refusal of a reader who had a part of a file that is gone. */
export function abandoned({ host, digest }: BlobSource): RegistryError {
  return new RegistryError("UNAVAILABLE", {
    message: `the download of ${digest} from ${host} was abandoned by the process that made it; try again`,
  });
}
