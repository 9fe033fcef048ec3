// Serving content: conditional requests, ranges and HEAD, the same for blobs and manifests, stored or on their way.
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { allowsRange, formatEntityTag, matchesNone } from "../conditional.ts";
import { type ByteRange, formatContentRange, parseRange } from "../range.ts";

/** Content that is known to be there. */
export interface Content {
  readonly digest: Digest;
  /** Undefined where nobody knows it yet; then it is served whole. */
  readonly sizeBytes: number | undefined;
  readonly contentType: string;
  /** The content, or a part of it. Undefined for HEAD. */
  readonly body: ((range: ByteRange | undefined) => Blob | ReadableStream<Uint8Array>) | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer to GET or HEAD of content. */
export function serveContent(request: Request, content: Content): Response {
  const { digest, sizeBytes, body } = content;
  const entityTag = formatEntityTag(digest);
  const headers: Record<string, string> = { ...content.headers, "Docker-Content-Digest": digest, ETag: entityTag };
  if (matchesNone(request.headers.get("if-none-match"), entityTag)) return new Response(null, { status: 304, headers });
  headers["Content-Type"] = content.contentType;
  // Bun sends no length with a stream, whatever stands here.
  if (sizeBytes !== undefined) headers["Content-Length"] = String(sizeBytes);
  if (body === undefined) return new Response(null, { headers });
  const range = rangeOf(request, content);
  if (range === undefined || sizeBytes === undefined) return new Response(body(undefined), { status: 200, headers });
  headers["Content-Range"] = formatContentRange(range, sizeBytes);
  headers["Content-Length"] = String(range.end - range.start);
  return new Response(body(range), { status: 206, headers });
}

function rangeOf(request: Request, { digest, sizeBytes, headers }: Content): ByteRange | undefined {
  if (sizeBytes === undefined || headers["Accept-Ranges"] === undefined) return undefined;
  if (!allowsRange(request.headers.get("if-range"), formatEntityTag(digest))) return undefined;
  const range = parseRange(request.headers.get("range"), sizeBytes);
  if (range !== "unsatisfiable") return range;
  throw new RegistryError("RANGE_NOT_SATISFIABLE", {
    detail: { sizeBytes },
    headers: { "Content-Range": `bytes */${sizeBytes}` },
  });
}

/** The body of content that is stored: never more of it than what was announced. */
export function sliceOf(content: Blob, sizeBytes: number): (range: ByteRange | undefined) => Blob {
  return ({ start, end } = { start: 0, end: sizeBytes }) => content.slice(start, end);
}
