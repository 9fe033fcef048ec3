// Hashes of a growing blob, taken now and then: from one of them a reader goes on by itself when the blob is not kept.
import type { RunningHash } from "../oci/hash.ts";

/** What a reader that goes on has to be sent again, at most, while the blob is small. */
const firstStepBytes = 16 * 1024 * 1024;
/** When there are more, every second one goes, and the step is twice as long from then on. */
const maxHashes = 256;

/** The checkpoints of one blob. */
export class Checkpoints {
  #hashes: readonly RunningHash[];
  #stepBytes = firstStepBytes;

  /** Begins with a hash that has seen nothing. */
  constructor(start: RunningHash) {
    this.#hashes = [start];
  }

  /** Takes note of how far the hash is; `fork` gives one that stays where it is. */
  note(sizeBytes: number, fork: () => RunningHash): void {
    const last = this.#hashes.at(-1)?.sizeBytes ?? 0;
    if (sizeBytes < last + this.#stepBytes) return;
    this.#hashes = [...this.#hashes, fork()];
    if (this.#hashes.length <= maxHashes) return;
    this.#hashes = this.#hashes.filter((_hash, index) => index % 2 === 0);
    this.#stepBytes *= 2;
  }

  /** A hash that has seen the blob up to the position, or as far before it as there is one. */
  before(position: number): RunningHash {
    const hash = this.#hashes.findLast(({ sizeBytes }) => sizeBytes <= position);
    if (hash === undefined) throw new RangeError(`no checkpoint before ${position}`);
    return hash.fork();
  }
}
