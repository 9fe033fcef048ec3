// Bytes that lie somewhere, to be read as a whole or in part, any number of times.

/** A handle on them; nothing is read before it is asked for. */
export interface Content {
  readonly sizeBytes: number;
  /** The bytes as they are read. */
  stream(): AsyncIterable<Uint8Array>;
  /** From `start` up to, but without, `end`. */
  slice(start: number, end: number): Content;
  /** What a web server sends with the least copying: of a file, the system sends the bytes by itself (sendfile). */
  body(): Blob | ReadableStream<Uint8Array>;
  /** Where anybody may read all of it for a while, past this program; absent if there is no such place. */
  address?(): Promise<string>;
}

/** Content of a file that Bun reads, or of memory. Of a file that has become longer, only what was announced. */
export function contentOf(blob: Blob, sizeBytes = blob.size): Content {
  return {
    sizeBytes,
    stream: () => blob.slice(0, sizeBytes).stream(),
    slice: (start, end) => contentOf(blob.slice(start, Math.min(end, sizeBytes))),
    body: () => blob.slice(0, sizeBytes),
  };
}

/** All of it in memory. */
export async function readContent(content: Content): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(Buffer.concat(await Array.fromAsync(content.stream())));
}
