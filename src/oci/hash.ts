// Hashing content into digests, at once or as it arrives.
import { stepAside } from "../lib/pacer.ts";
import { type Algorithm, type Digest, formatDigest } from "./digest.ts";

/** A digest being computed. */
export interface RunningHash {
  readonly algorithm: Algorithm;
  /** How many bytes it has consumed. */
  readonly sizeBytes: number;
  /** Adds the next bytes. */
  update(bytes: Uint8Array): void;
  /** The digest of all bytes so far; the hash can continue afterwards. */
  digest(): Digest;
  /** An independent copy of the hash. */
  fork(): RunningHash;
}

/** A new hash. */
export function startHash(algorithm: Algorithm): RunningHash {
  return runHash(algorithm, new Bun.CryptoHasher(algorithm), 0);
}

function runHash(algorithm: Algorithm, hasher: Bun.CryptoHasher, seenBytes: number): RunningHash {
  let sizeBytes = seenBytes;
  return {
    algorithm,
    get sizeBytes() {
      return sizeBytes;
    },
    update: (bytes) => {
      hasher.update(bytes);
      sizeBytes += bytes.length;
    },
    // A copy, because Bun's hasher silently starts over when it is used after digest().
    digest: () => formatDigest(algorithm, hasher.copy().digest("hex")),
    fork: () => runHash(algorithm, hasher.copy(), sizeBytes),
  };
}

/** The digest of these bytes. */
export function hashBytes(bytes: Uint8Array, algorithm: Algorithm): Digest {
  return formatDigest(algorithm, Bun.CryptoHasher.hash(algorithm, bytes, "hex"));
}

const sliceBytes = 256 * 1024;

/** The same, over several turns of the event loop for long content. */
export async function hashInTurns(bytes: Uint8Array, algorithm: Algorithm): Promise<Digest> {
  if (bytes.length <= sliceBytes) return hashBytes(bytes, algorithm);
  const hash = startHash(algorithm);
  for (let offset = 0; offset < bytes.length; offset += sliceBytes) {
    await stepAside();
    hash.update(bytes.subarray(offset, offset + sliceBytes));
  }
  return hash.digest();
}
