// Serving stored content: conditional requests, ranges and HEAD, the same for blobs and manifests.
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { allowsRange, formatEntityTag, matchesNone } from "../conditional.ts";
import { formatContentRange, parseRange } from "../range.ts";

/** Content that is known to be there. */
export interface Content {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly contentType: string;
  /** Undefined for HEAD. */
  readonly body: Blob | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The answer to GET or HEAD of content. */
export function serveContent(request: Request, content: Content): Response {
  const { digest, sizeBytes, body } = content;
  const entityTag = formatEntityTag(digest);
  const headers: Record<string, string> = { ...content.headers, "Docker-Content-Digest": digest, ETag: entityTag };
  if (matchesNone(request.headers.get("if-none-match"), entityTag)) return new Response(null, { status: 304, headers });
  headers["Content-Type"] = content.contentType;
  headers["Content-Length"] = String(sizeBytes);
  if (body === undefined) return new Response(null, { headers });
  const ranged = allowsRange(request.headers.get("if-range"), entityTag) ? request.headers.get("range") : null;
  const range = headers["Accept-Ranges"] === undefined ? undefined : parseRange(ranged, sizeBytes);
  if (range === "unsatisfiable") {
    throw new RegistryError("RANGE_NOT_SATISFIABLE", {
      detail: { sizeBytes },
      headers: { "Content-Range": `bytes */${sizeBytes}` },
    });
  }
  if (range === undefined) return new Response(body.slice(0, sizeBytes), { status: 200, headers });
  headers["Content-Range"] = formatContentRange(range, sizeBytes);
  headers["Content-Length"] = String(range.end - range.start);
  return new Response(body.slice(range.start, range.end), { status: 206, headers });
}
