// Serving a blob that is on its way from another registry: its bytes as they come, without a length (Bun sends none
// with a stream). Where they turn out to be wrong the connection is cut before the last of them.
import { RegistryError } from "../../oci/errors.ts";
import type { ArrivingBlob } from "../../registry/blobs.ts";
import { allowsRange, formatEntityTag, matchesNone } from "../conditional.ts";
import { formatContentRange, parseRange } from "../range.ts";

/** The answer to GET of the blob. */
export function serveArriving(
  request: Request,
  blob: ArrivingBlob,
  common: Readonly<Record<string, string>>,
): Response {
  const { digest, sizeBytes } = blob;
  const entityTag = formatEntityTag(digest);
  const headers: Record<string, string> = { ...common, "Docker-Content-Digest": digest, ETag: entityTag };
  if (matchesNone(request.headers.get("if-none-match"), entityTag)) return new Response(null, { status: 304, headers });
  headers["Content-Type"] = "application/octet-stream";
  const ranged = allowsRange(request.headers.get("if-range"), entityTag) ? request.headers.get("range") : null;
  const range = sizeBytes === undefined ? undefined : parseRange(ranged, sizeBytes);
  if (range === "unsatisfiable") {
    throw new RegistryError("RANGE_NOT_SATISFIABLE", {
      detail: { sizeBytes },
      headers: { "Content-Range": `bytes */${sizeBytes}` },
    });
  }
  if (range === undefined || sizeBytes === undefined)
    return new Response(streamOf(blob.read()), { status: 200, headers });
  headers["Content-Range"] = formatContentRange(range, sizeBytes);
  return new Response(streamOf(blob.read(range)), { status: 206, headers });
}

/** Pulled as the client takes it; a client that leaves ends it. */
function streamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  const source = {
    pull: async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const { done, value } = await iterator.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => void (await iterator.return?.()),
  };
  // Nothing is read ahead: with many clients that would be many pieces.
  return new ReadableStream<Uint8Array>(source, { highWaterMark: 0 });
}
