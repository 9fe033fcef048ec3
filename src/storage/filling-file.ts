// A file that is filled from somewhere while others read it already, each at its own pace: from the file what is there,
// then what comes; and from where it comes if filling it fails.
import type { FileHandle } from "node:fs/promises";
import { bodyOf, type Content } from "../lib/content.ts";

/** How a file is filled. */
export interface Filling {
  /** Open to be written and read. */
  readonly handle: FileHandle;
  readonly source: Content;
  /** Hears of the bytes as they come. */
  readonly update: (bytes: Uint8Array) => void;
  /** All bytes are there; returns the content of the file in its place, or undefined if it is not kept. */
  readonly finish: () => Promise<Content | undefined>;
}

const pieceBytes = 256 * 1024;
/** Who begins so far behind what is there reads from the source. */
const nearBytes = 8 * 1024 * 1024;

/** One such file. */
export class FillingFile {
  readonly #filling: Filling;
  readonly #waiting = new Set<() => void>();
  #writtenBytes = 0;
  #readers = 0;
  #isClosed = false;
  #state: "filling" | "failed" | { readonly kept: Content | undefined } = "filling";

  constructor(filling: Filling) {
    this.#filling = filling;
  }

  /** Fills the file; throws if that fails, and readers continue from the source. */
  async fill(): Promise<void> {
    const { handle, source, update, finish } = this.#filling;
    try {
      for await (const chunk of source.stream()) {
        update(chunk);
        await handle.appendFile(chunk);
        this.#writtenBytes += chunk.length;
        this.#wake();
      }
      this.#state = { kept: await finish() };
    } catch (error) {
      this.#state = "failed";
      throw error;
    } finally {
      this.#wake();
      await this.#closeIfUnused();
    }
  }

  /** The bytes, for one more reader. */
  content(): Content {
    return new FillingContent(this, { start: 0, end: this.#filling.source.sizeBytes });
  }

  /** From `start` up to, but without, `end`. */
  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    const { source } = this.#filling;
    let position = start;
    this.#readers += 1;
    try {
      while (position < end && this.#isUseful(position)) {
        const piece = await this.#readPiece(position, end);
        position += piece.length;
        if (piece.length > 0) yield piece;
      }
    } finally {
      this.#readers -= 1;
      await this.#closeIfUnused();
    }
    if (position < end) yield* source.slice(position, end).stream();
  }

  /** Whether the next bytes are in the file, or come soon. */
  #isUseful(position: number): boolean {
    if (this.#state === "filling") return position <= this.#writtenBytes + nearBytes;
    return !this.#isClosed && position < this.#writtenBytes;
  }

  async #readPiece(position: number, end: number): Promise<Uint8Array> {
    const thereBytes = Math.min(this.#writtenBytes, end) - position;
    if (thereBytes <= 0) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
      return new Uint8Array();
    }
    const buffer = new Uint8Array(Math.min(thereBytes, pieceBytes));
    const { bytesRead } = await this.#filling.handle.read(buffer, 0, buffer.length, position);
    if (bytesRead === 0) throw new Error("the file that is being filled was cut off");
    return buffer.subarray(0, bytesRead);
  }

  async #closeIfUnused(): Promise<void> {
    if (this.#state === "filling" || this.#readers > 0 || this.#isClosed) return;
    this.#isClosed = true;
    await this.#filling.handle.close();
  }

  #wake(): void {
    for (const goOn of this.#waiting) goOn();
    this.#waiting.clear();
  }

  /** The file in its place, once all of it is there. */
  get kept(): Content | undefined {
    return typeof this.#state === "object" ? this.#state.kept : undefined;
  }
}

class FillingContent implements Content {
  readonly sizeBytes: number;
  readonly #file: FillingFile;
  readonly #start: number;

  constructor(file: FillingFile, { start, end }: { readonly start: number; readonly end: number }) {
    this.#file = file;
    this.#start = start;
    this.sizeBytes = Math.max(0, end - start);
  }

  slice(start: number, end: number): Content {
    const from = this.#start + Math.min(start, this.sizeBytes);
    return new FillingContent(this.#file, { start: from, end: this.#start + Math.min(end, this.sizeBytes) });
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    const end = this.#start + this.sizeBytes;
    const { kept } = this.#file;
    yield* kept === undefined ? this.#file.read(this.#start, end) : kept.slice(this.#start, end).stream();
  }

  body(): ReturnType<Content["body"]> {
    const { kept } = this.#file;
    if (kept !== undefined) return kept.slice(this.#start, this.#start + this.sizeBytes).body();
    return bodyOf(this.stream());
  }
}
