// Bytes on their way in, from a client or another registry: hashed and written as they come, in constant memory; and the
// one gate for blobs: nothing else puts bytes under a digest, and these hash to it.
import type { Content } from "../lib/content.ts";
import { stepAside } from "../lib/pacer.ts";
import { releaseMemory } from "../lib/release-memory.ts";
import { type Algorithm, type Digest, digestAlgorithm, parseDigest } from "../oci/digest.ts";
import { type RunningHash, startHash } from "../oci/hash.ts";
import type { Growing, Lasting, Upload } from "../storage/ports.ts";
import { blobKey } from "./layout.ts";

/**
 * Bytes of a request's body, which continue an upload that has so many already. The signal ends them early, when a newer
 * request takes the upload over. Nobody else may hold the chunks: their memory is given back when they are written.
 */
export type Body = (signal: AbortSignal, startBytes: number) => AsyncIterable<Uint8Array>;

/** How much is written at once. Two pieces are in memory at most: one being written, one being filled and hashed. */
const pieceBytes = 1024 * 1024;
/** What comes slowly is written sooner, or many slow clients would hold much memory. */
const pieceMs = 2000;

/**
 * Appends the chunks to the upload and feeds them to the hash. The write of one piece goes on while the next one is
 * received and hashed. When the chunks break off, what came before is still appended, so that the client can resume.
 */
export async function appendAll(
  upload: Growing,
  chunks: AsyncIterable<Uint8Array>,
  hash: RunningHash | undefined,
): Promise<void> {
  let piece = new WritePiece();
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await writing;
    const chunks = piece.chunks();
    writing = upload.append(chunks).finally(() => releaseMemory(chunks));
    // Its failure is reported where it is awaited next; until then it must not count as unhandled.
    writing.catch(() => undefined);
    piece = new WritePiece();
  };
  try {
    for await (const chunk of chunks) {
      hash?.update(chunk);
      piece.add(chunk);
      if (piece.isDue()) await flush();
    }
  } finally {
    await flush();
    await writing;
  }
}

/** Below this a chunk is copied: as an object of its own it takes more memory than its bytes. */
const smallBytes = 1024;
const copyBytes = 8 * 1024;

/** Chunks that are written together. */
class WritePiece {
  readonly #chunks: Uint8Array[] = [];
  readonly #sinceMs = performance.now();
  #sizeBytes = 0;
  /** Small chunks, from `start` to `end`. */
  #copied = { buffer: new Uint8Array(), start: 0, end: 0 };

  isDue(): boolean {
    return this.#sizeBytes >= pieceBytes || performance.now() - this.#sinceMs >= pieceMs;
  }

  add(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (chunk.length < smallBytes) this.#copy(chunk);
    else {
      this.#endCopy();
      this.#chunks.push(chunk);
    }
  }

  /** All of it, in order. */
  chunks(): readonly Uint8Array[] {
    this.#endCopy();
    return this.#chunks;
  }

  #copy(chunk: Uint8Array): void {
    if (this.#copied.end + chunk.length > this.#copied.buffer.length) {
      this.#endCopy();
      this.#copied = { buffer: new Uint8Array(copyBytes), start: 0, end: 0 };
    }
    this.#copied.buffer.set(chunk, this.#copied.end);
    this.#copied.end += chunk.length;
    releaseMemory([chunk]);
  }

  #endCopy(): void {
    const { buffer, start, end } = this.#copied;
    if (start < end) this.#chunks.push(buffer.subarray(start, end));
    this.#copied.start = end;
  }
}

/** Feeds bytes that are already stored to a hash. */
export async function hashStored(content: Content, hash: RunningHash): Promise<void> {
  for await (const chunk of content.stream()) {
    await stepAside();
    hash.update(chunk);
  }
}

/**
 * The digest of all bytes so far: of the running hash if it has seen just these, or what was kept about them, else they
 * are read again.
 */
export async function digestAll(
  upload: Upload,
  running: RunningHash | undefined,
  algorithm: Algorithm,
): Promise<Digest> {
  if (running?.algorithm === algorithm && running.sizeBytes === upload.sizeBytes) return running.digest();
  const kept = parseDigest(upload.note ?? "");
  if (kept !== undefined && digestAlgorithm(kept) === algorithm) return kept;
  const hash = startHash(algorithm);
  await hashStored(await upload.content(), hash);
  return hash.digest();
}

/** What bytes are to be. */
interface BlobCommit {
  readonly digest: Digest;
  /** What they were found to be. */
  readonly actual: Digest;
}

/**
 * Makes the blob, over whatever is in its place, of bytes whose digest was found. It needs a link, and
 * a look after that, before anybody relies on it.
 */
export async function commitBlob(
  growing: Growing,
  { digest, actual, isDurable = true }: BlobCommit & Partial<Lasting>,
): Promise<void> {
  if (actual !== digest) throw new TypeError(`the bytes are not ${digest}`);
  await growing.commit(blobKey(digest), { isDurable });
}

/** Makes a blob again that somebody has taken who had meant an older one; false if its bytes are not to be had any more. */
export async function recommitBlob(upload: Upload, digest: Digest): Promise<boolean> {
  return (await upload.commitAgain?.(blobKey(digest))) === true;
}
