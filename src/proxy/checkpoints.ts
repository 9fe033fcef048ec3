// Hashes of a growing blob, taken now and then. From one of them a reader resumes by itself when the blob is not kept.
import type { RunningHash } from "../oci/hash.ts";

/** At most this much is sent again to a reader that resumes, while the blob is small. */
const firstStepBytes = 16 * 1024 * 1024;
/** Beyond this, every other one is dropped, and the step doubles. */
const maxHashes = 256;

/** The checkpoints of one blob. */
export class Checkpoints {
  #hashes: readonly RunningHash[];
  #stepBytes = firstStepBytes;

  /** Starts with the hash of nothing. */
  constructor(start: RunningHash) {
    this.#hashes = [start];
  }

  /** Takes a checkpoint if one is due; `fork` copies the hash as it is now. */
  note(sizeBytes: number, fork: () => RunningHash): void {
    const last = this.#hashes.at(-1)?.sizeBytes ?? 0;
    if (sizeBytes < last + this.#stepBytes) return;
    this.#hashes = [...this.#hashes, fork()];
    if (this.#hashes.length <= maxHashes) return;
    this.#hashes = this.#hashes.filter((_hash, index) => index % 2 === 0);
    this.#stepBytes *= 2;
  }

  /** A copy of the last hash at or before the position. */
  before(position: number): RunningHash {
    const hash = this.#hashes.findLast(({ sizeBytes }) => sizeBytes <= position);
    if (hash === undefined) throw new RangeError(`no checkpoint before ${position}`);
    return hash.fork();
  }
}
