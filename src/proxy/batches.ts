// Chunks gathered into a batch while the one before is written, so that a fast sender costs few writes and a slow one
// no delay.
import { setImmediate as nextTurn } from "node:timers/promises";
import { releaseMemory } from "../lib/release-memory.ts";

/** How batches are written. */
export interface BatchesOptions {
  /** Writes one batch, whose memory is then released: nothing else may hold its chunks. Must not throw. */
  readonly write: (pieces: readonly Uint8Array[]) => Promise<void>;
  /** Whether so many downloads run that each has to use little memory. */
  readonly isCrowded: () => boolean;
}

/** The size at which the sender has to wait. Large batches cost a fifth less time. */
const fullBytes = 1024 * 1024;
const crowdedFullBytes = 256 * 1024;

/** Gathers the chunks of one sender. */
export class Batches {
  readonly #options: BatchesOptions;
  #pieces: Uint8Array[] = [];
  #sizeBytes = 0;
  #writing: Promise<void> | undefined;
  /** Settles when the batch that is gathering is taken for writing. */
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
      // One turn of the event loop: what arrives together is written together.
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
