// The bytes of an object as content: read as they are wanted, and read on where a connection breaks.
import { bodyOf, type Content } from "../../lib/content.ts";
import type { BucketObjects, ObjectStat } from "./bucket-objects.ts";
import { S3Failure } from "./failure.ts";

/** Connections that may break without a byte in between. */
const maxBreaks = 3;

/** A handle on the object of that ETag: bytes of another one that takes its place are never mixed in. */
export function contentOfObject(
  objects: BucketObjects,
  key: string,
  stat: Pick<ObjectStat, "etag" | "sizeBytes">,
): Content {
  return new ObjectContent({ objects, key, etag: stat.etag }, 0, stat.sizeBytes);
}

interface ObjectSource {
  readonly objects: BucketObjects;
  readonly key: string;
  readonly etag: string;
}

class ObjectContent implements Content {
  readonly sizeBytes: number;
  readonly #source: ObjectSource;
  readonly #start: number;

  constructor(source: ObjectSource, start: number, sizeBytes: number) {
    this.#source = source;
    this.#start = start;
    this.sizeBytes = Math.max(0, sizeBytes);
  }

  slice(start: number, end: number): Content {
    const from = Math.min(start, this.sizeBytes);
    return new ObjectContent(this.#source, this.#start + from, Math.min(end, this.sizeBytes) - from);
  }

  async *stream(): AsyncGenerator<Uint8Array> {
    const end = this.#start + this.sizeBytes;
    let [position, breaks] = [this.#start, 0];
    while (position < end) {
      const before = position;
      try {
        for await (const chunk of readRange(this.#source, position, end)) {
          position += chunk.length;
          yield chunk;
        }
        if (position < end) throw new S3Failure(`GET ${this.#source.key}`, { status: 0, reason: "to its end" });
      } catch (error) {
        breaks = position > before ? 1 : breaks + 1;
        if (!(error instanceof S3Failure) || error.status !== 0 || breaks > maxBreaks) throw error;
      }
    }
  }

  body(): ReadableStream<Uint8Array> {
    return bodyOf(this.stream());
  }
}

async function* readRange(
  { objects, key, etag }: ObjectSource,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array> {
  const headers = { range: `bytes=${start}-${end - 1}`, "if-match": etag };
  const answer = await objects.client.stream({ method: "GET", key, headers });
  // A store that ignores ranges sends everything.
  let skipBytes = answer.status === 206 ? 0 : start;
  let leftBytes = end - start;
  for await (const chunk of answer.chunks()) {
    const piece = chunk.subarray(Math.min(skipBytes, chunk.length)).subarray(0, leftBytes);
    skipBytes -= Math.min(skipBytes, chunk.length);
    leftBytes -= piece.length;
    if (piece.length > 0) yield piece;
    // A range ends by itself, and its connection can be used again.
    if (leftBytes === 0 && answer.status !== 206) return;
  }
}
