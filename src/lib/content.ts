// Bytes that lie somewhere, to be read as a whole or in part, any number of times.
import { open } from "node:fs/promises";

const bufferBytes = 256 * 1024;

/** A handle on them; nothing is read before it is asked for. */
export interface Content {
  readonly sizeBytes: number;
  /** The bytes as they are read. */
  stream(): AsyncIterable<Uint8Array>;
  /** The same through one buffer: a piece is good until the next one is asked for. Absent if that would save nothing. */
  throughBuffer?(): AsyncIterable<Uint8Array>;
  /** From `start` up to, but without, `end`. */
  slice(start: number, end: number): Content;
  /** What a web server sends with the least copying: of a file, the system sends the bytes by itself (sendfile). */
  body(): Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** Where anybody may read all of it for a while, past this program; absent if there is no such place. */
  address?(): Promise<string>;
}

/** Content of a file that Bun reads, or of memory. Of a file that has become longer, only what was announced. */
export function contentOf(blob: Blob, sizeBytes = blob.size): Content {
  // Only a file has a name.
  const path = "name" in blob && typeof blob.name === "string" ? blob.name : undefined;
  return partOf(blob, { path, start: 0, sizeBytes });
}

/** Content of memory that stays as it is. */
export function contentOfBytes(bytes: Uint8Array<ArrayBuffer>): Content {
  return {
    sizeBytes: bytes.length,
    stream: async function* () {
      yield bytes;
    },
    slice: (start, end) => contentOfBytes(bytes.subarray(start, end)),
    body: () => bytes,
  };
}

interface ContentPart {
  readonly path: string | undefined;
  readonly start: number;
  readonly sizeBytes: number;
}

function partOf(blob: Blob, { path, start, sizeBytes }: ContentPart): Content {
  const part = () => blob.slice(start, start + sizeBytes);
  return {
    sizeBytes,
    stream: () => part().stream(),
    ...(path === undefined ? {} : { throughBuffer: () => readThroughBuffer(path, start, sizeBytes) }),
    slice: (from, to) => {
      const within = Math.min(from, sizeBytes);
      return partOf(blob, { path, start: start + within, sizeBytes: Math.max(0, Math.min(to, sizeBytes) - within) });
    },
    body: part,
  };
}

/** Without garbage: what the engine has finished with piles up tens of megabytes before it collects. */
async function* readThroughBuffer(path: string, start: number, sizeBytes: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r");
  try {
    const buffer = new Uint8Array(Math.min(bufferBytes, sizeBytes));
    for (let position = start; position < start + sizeBytes; ) {
      const wantedBytes = Math.min(buffer.length, start + sizeBytes - position);
      const { bytesRead } = await file.read(buffer, 0, wantedBytes, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** All of it in memory. */
export async function readContent(content: Content): Promise<Uint8Array<ArrayBuffer>> {
  return Uint8Array.from(Buffer.concat(await Array.fromAsync(content.stream())));
}

/** What comes piece by piece, as the web's interfaces take it: at the reader's pace, which `onPull` is told of. */
export function bodyOf(pieces: AsyncGenerator<Uint8Array>, onPull?: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      async pull(controller) {
        onPull?.();
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
}
