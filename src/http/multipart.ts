// Several ranges in one answer: multipart/byteranges (RFC 9110, section 14.6; RFC 2046, section 5.1).
import type { Content } from "../lib/content.ts";
import { type ByteRange, formatContentRange } from "./range.ts";

/** The bytes of the range at this index. */
interface RangePiece {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** The whole that the parts belong to. */
export interface Whole {
  readonly sizeBytes: number;
  readonly contentType: string;
  /** Random, so that no part contains it. */
  readonly boundary: string;
}

/** The body with the parts in the order of the ranges, none of which is empty. */
export async function* formatParts(
  ranges: readonly ByteRange[],
  pieces: AsyncIterable<RangePiece>,
  { sizeBytes, contentType, boundary }: Whole,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let begun = -1;
  for await (const { index, bytes } of pieces) {
    const range = ranges[index];
    if (index !== begun && range !== undefined) {
      const fields = `Content-Range: ${formatContentRange(range, sizeBytes)}\r\nContent-Type: ${contentType}\r\n\r\n`;
      yield encoder.encode(`${begun < 0 ? "" : "\r\n"}--${boundary}\r\n${fields}`);
      begun = index;
    }
    yield bytes;
  }
  yield encoder.encode(`\r\n--${boundary}--\r\n`);
}

/** The ranges of stored content, each read on its own. A piece is good until the next one is asked for. */
export async function* readPieces(content: Content, ranges: readonly ByteRange[]): AsyncGenerator<RangePiece> {
  for (const [index, { start, end }] of ranges.entries()) {
    let sizeBytes = 0;
    const part = content.slice(start, end);
    for await (const bytes of part.throughBuffer?.() ?? part.stream()) {
      sizeBytes += bytes.length;
      yield { index, bytes };
    }
    // An answer that continued after a short part would be taken for whole.
    if (sizeBytes !== end - start) throw new Error("the content is shorter than announced");
  }
}

/** The ranges, in ascending order, of content that arrives as one stream starting at the first of them. */
export async function* cutPieces(
  chunks: AsyncIterable<Uint8Array>,
  ranges: readonly ByteRange[],
): AsyncGenerator<RangePiece> {
  let index = 0;
  let position = ranges[0]?.start ?? 0;
  for await (const chunk of chunks) {
    const chunkEnd = position + chunk.length;
    for (let range = ranges[index]; range !== undefined && range.start < chunkEnd; range = ranges[index]) {
      yield { index, bytes: chunk.subarray(Math.max(0, range.start - position), range.end - position) };
      if (range.end > chunkEnd) break;
      index += 1;
    }
    position = chunkEnd;
  }
  if (index < ranges.length) throw new Error("the content is shorter than announced");
}
