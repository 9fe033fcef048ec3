// Chunks gathered into a batch while the one before is written, so that a fast sender costs few writes and a slow one
// no delay.
import { setImmediate as nextTurn } from "node:timers/promises";

/** How batches are written. */
export interface BatchesOptions {
  /** Writes one batch, of which nobody else has anything. It may not fail. */
  readonly write: (pieces: readonly Uint8Array[]) => Promise<void>;
  /** Whether so much is under way that each has to take little memory. */
  readonly isCrowded: () => boolean;
}

/** How large a batch becomes before its sender has to wait: large ones cost a fifth less time. */
const fullBytes = 1024 * 1024;
const crowdedFullBytes = 256 * 1024;

/** The batches of one sender. */
export class Batches {
  readonly #options: BatchesOptions;
  #pieces: Uint8Array[] = [];
  #sizeBytes = 0;
  #writing: Promise<void> | undefined;
  /** Settles when the batch that gathers is taken to be written. */
  #taken = Promise.withResolvers<void>();

  constructor(options: BatchesOptions) {
    this.#options = options;
  }

  /** Adds a chunk to the next batch. */
  async add(chunk: Uint8Array): Promise<void> {
    this.#pieces.push(chunk);
    this.#sizeBytes += chunk.length;
    this.#writing ??= this.#write();
    const limitBytes = this.#options.isCrowded() ? crowdedFullBytes : fullBytes;
    if (this.#sizeBytes >= limitBytes) await this.#taken.promise;
  }

  /** Settles when everything is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#pieces.length > 0) {
      // Once around the event loop: what arrives with the first chunk goes with it.
      await nextTurn();
      const batch = this.#pieces;
      const { resolve } = this.#taken;
      this.#pieces = [];
      this.#sizeBytes = 0;
      this.#taken = Promise.withResolvers();
      resolve();
      await this.#options.write(batch);
      releaseMemory(batch);
    }
    this.#writing = undefined;
  }
}

/** Without this, chunks that are done with pile up until the engine looks for them. */
function releaseMemory(pieces: readonly Uint8Array[]): void {
  for (const { buffer, byteLength } of pieces) {
    if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
  }
}
