// A blob that is not cached, streamed to one reader.

import { type BlobSource, receiveBlob } from "../client/receive.ts";
import type { RunningHash } from "../oci/hash.ts";

/** Held back from readers until the blob is verified, so that wrong content is never delivered whole. */
export const heldBackBytes = 64 * 1024;

/** What the reader wants. */
export interface UncachedOptions {
  readonly range: { readonly start: number; readonly end: number } | undefined;
  /** The hash of the bytes before those that are asked for. */
  readonly hash: RunningHash;
}

/** The chunks, hashed as they pass; the last ones come only when all are verified. */
export async function* passThrough(source: BlobSource, options: UncachedOptions): AsyncGenerator<Uint8Array> {
  const { hash, range = { start: 0, end: Number.POSITIVE_INFINITY } } = options;
  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let position = hash.sizeBytes;
  const release = () => {
    const chunk = held.shift() ?? new Uint8Array();
    const from = position;
    heldBytes -= chunk.length;
    position += chunk.length;
    return chunk.subarray(Math.max(0, range.start - from), Math.max(0, range.end - from));
  };
  // Leaving the loop ends the request; nothing else does.
  const { signal } = new AbortController();
  for await (const chunk of receiveBlob(source, { offset: position, signal, onTotal: () => undefined })) {
    hash.update(chunk);
    held.push(chunk);
    heldBytes += chunk.length;
    while (heldBytes - (held[0]?.length ?? heldBytes) >= heldBackBytes) {
      const piece = release();
      if (piece.length > 0) yield piece;
    }
  }
  if (hash.digest() !== source.digest) throw source.wrong("has another digest");
  while (held.length > 0) {
    const piece = release();
    if (piece.length > 0) yield piece;
  }
}
