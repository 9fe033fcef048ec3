// Serving content: conditional requests, ranges and HEAD, the same for blobs and manifests, stored or arriving.
import type { Content } from "../../lib/content.ts";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { allowsRange, formatEntityTag, matchesNone } from "../conditional.ts";
import { cutPieces, formatParts, readPieces } from "../multipart.ts";
import { type ByteRange, formatContentRange, parseRanges } from "../range.ts";

/** Arriving content: all of it or a part, as it comes. */
export type ReadArriving = (range: ByteRange | undefined) => AsyncIterable<Uint8Array>;

/** What is to be served. */
export interface Served {
  readonly digest: Digest;
  /** Undefined if it is not known yet; then the content is served whole. */
  readonly sizeBytes: number | undefined;
  readonly contentType: string;
  /** Undefined for HEAD. */
  readonly source: Content | ReadArriving | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer to GET or HEAD of content. */
export function serveContent(request: Request, served: Served): Response {
  const { digest, sizeBytes, contentType, source } = served;
  const entityTag = formatEntityTag(digest);
  const headers: Record<string, string> = { ...served.headers, "Docker-Content-Digest": digest, ETag: entityTag };
  if (matchesNone(request.headers.get("if-none-match"), entityTag)) return new Response(null, { status: 304, headers });
  headers["Content-Type"] = contentType;
  const ranges = source === undefined ? undefined : rangesOf(request, served);
  if (source !== undefined && sizeBytes !== undefined && ranges !== undefined && ranges.length > 1) {
    return serveParts(ranges, { sizeBytes, contentType, source, headers });
  }
  const range = ranges?.[0];
  const lengthBytes = range === undefined ? sizeBytes : range.end - range.start;
  // Bun drops it for a stream.
  if (lengthBytes !== undefined) headers["Content-Length"] = String(lengthBytes);
  if (range === undefined || sizeBytes === undefined) return new Response(bodyOf(source, sizeBytes), { headers });
  headers["Content-Range"] = formatContentRange(range, sizeBytes);
  return new Response(bodyOf(source, sizeBytes, range), { status: 206, headers });
}

/** Never more stored bytes than were announced. */
function bodyOf(
  source: Served["source"],
  sizeBytes: number | undefined,
  range?: ByteRange,
): ReturnType<Content["body"]> | null {
  if (source === undefined) return null;
  if (typeof source === "function") return streamOf(source(range));
  if (range === undefined && source.sizeBytes === sizeBytes) return source.body();
  return source.slice(range?.start ?? 0, range?.end ?? sizeBytes ?? source.sizeBytes).body();
}

/** The parts are read at the client's pace. Bun sends nothing of the files in a composed Blob. */
function serveParts(
  ranges: readonly ByteRange[],
  whole: {
    readonly sizeBytes: number;
    readonly contentType: string;
    readonly source: Content | ReadArriving;
    readonly headers: Readonly<Record<string, string>>;
  },
): Response {
  const { source } = whole;
  const span = { start: ranges[0]?.start ?? 0, end: ranges.at(-1)?.end ?? 0 };
  const pieces = typeof source === "function" ? cutPieces(source(span), ranges) : readPieces(source, ranges);
  const boundary = crypto.randomUUID();
  const headers = { ...whole.headers, "Content-Type": `multipart/byteranges; boundary=${boundary}` };
  return new Response(streamOf(formatParts(ranges, pieces, { ...whole, boundary })), { status: 206, headers });
}

function rangesOf(request: Request, { digest, sizeBytes, source, headers }: Served): readonly ByteRange[] | undefined {
  if (sizeBytes === undefined || headers["Accept-Ranges"] === undefined) return undefined;
  if (!allowsRange(request.headers.get("if-range"), formatEntityTag(digest))) return undefined;
  const ranges = parseRanges(request.headers.get("range"), sizeBytes);
  if (ranges === "unsatisfiable") {
    throw new RegistryError("RANGE_NOT_SATISFIABLE", {
      detail: { sizeBytes },
      headers: { "Content-Range": `bytes */${sizeBytes}` },
    });
  }
  // Arriving content comes in order; RFC 9110 lets a server ignore ranges in another one.
  return typeof source !== "function" || ranges === undefined || isRising(ranges) ? ranges : undefined;
}

function isRising(ranges: readonly ByteRange[]): boolean {
  return ranges.every(({ start }, index) => start >= (ranges[index - 1]?.end ?? 0));
}

/**
 * A body that is pulled at the client's pace, and ends when the client disconnects. The runtime sends a chunk, or copies what
 * the socket does not take at once, before it asks for the next one, which may therefore come in the same buffer.
 */
export function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const source = {
    pull: async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await iterator.return?.()),
  };
  // No read-ahead: with many clients it would add up.
  return new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
}
