// Bytes coming in: hashed and written as they come, in constant memory.
import type { RunningHash } from "../oci/hash.ts";
import type { Upload } from "../storage/driver.ts";

/** Bytes of a request's body. The signal ends it early, when a newer request takes the upload over. */
export type Body = (signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** How much is written at once. Two pieces are in memory at most: one being written, one being filled and hashed. */
const pieceBytes = 1024 * 1024;

/**
 * Appends the chunks to the upload and feeds them to the hash. The write of one piece goes on while the next one is
 * received and hashed. When the chunks break off, what came before is still appended, so that the client can resume.
 */
export async function appendAll(
  upload: Upload,
  chunks: AsyncIterable<Uint8Array>,
  hash: RunningHash | undefined,
): Promise<void> {
  let piece: Uint8Array[] = [];
  let filledBytes = 0;
  let writing: Promise<void> = Promise.resolve();
  const flush = async () => {
    await writing;
    writing = upload.append(piece);
    // Its failure is reported where it is awaited next; until then it must not count as unhandled.
    writing.catch(() => undefined);
    piece = [];
    filledBytes = 0;
  };
  try {
    for await (const chunk of chunks) {
      hash?.update(chunk);
      piece.push(chunk);
      filledBytes += chunk.length;
      if (filledBytes >= pieceBytes) await flush();
    }
  } finally {
    await flush();
    await writing;
  }
}

/** Feeds bytes that are already stored to a hash. */
export async function hashStored(content: Blob, hash: RunningHash): Promise<void> {
  for await (const chunk of content.stream()) hash.update(chunk);
}
