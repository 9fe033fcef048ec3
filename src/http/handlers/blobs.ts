// GET, HEAD and DELETE of blobs.
import type { Content } from "../../lib/content.ts";
import type { Digest } from "../../oci/digest.ts";
import { octetStream } from "../../oci/media-type.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { FoundBlob } from "../../registry/blobs.ts";
import { formatEntityTag, matchesNone } from "../conditional.ts";
import type { Exchange } from "../exchange.ts";
import { parseRanges } from "../range.ts";
import { serveContent } from "./content.ts";

interface BlobRoute {
  readonly name: RepositoryName;
  readonly digest: Digest;
}

/**
 * Blobs never change under their digest. Content-Disposition keeps browsers from showing, and Bun from naming, a file.
 */
const blobHeaders = {
  "Accept-Ranges": "bytes",
  "Cache-Control": "max-age=31536000",
  "Content-Disposition": "attachment",
};

/** How much of what comes as a stream is read before it is sent. */
const toldBytes = 1024 * 1024;

/** The blob's bytes; HEAD promises that they stay for the grace of garbage collection. */
export async function getBlob(
  { request, repository, origin }: Exchange,
  { name, digest }: BlobRoute,
): Promise<Response> {
  const common = { digest, contentType: octetStream, headers: blobHeaders };
  if (request.method === "HEAD") {
    const { sizeBytes } = await repository(name).blobs.promise(digest);
    return serveContent(request, { ...common, sizeBytes, source: undefined });
  }
  const blob = await repository(name).blobs.open(digest);
  const address = "content" in blob && mayRedirect(request, blob) ? await blob.content.address?.() : undefined;
  if (address !== undefined && maySend(request, { origin, address: new URL(address) }))
    return redirectToStore(address, digest);
  const source = "content" in blob ? blob.content : blob.read.bind(blob);
  const response = serveContent(request, { ...common, sizeBytes: blob.sizeBytes, source });
  return "content" in blob && isStreamed(blob.content) ? await withLength(response) : response;
}

/** Whether the bytes come from elsewhere, rather than from a file. */
function isStreamed(content: Content): boolean {
  return !(content.slice(0, 0).body() instanceof Blob);
}

/** Bun drops the length of a stream. A small one is read before it is sent, so that the answer has its length. */
async function withLength(response: Response): Promise<Response> {
  const sizeBytes = Number(response.headers.get("content-length") ?? Number.POSITIVE_INFINITY);
  if (response.body === null || sizeBytes > toldBytes) return response;
  return new Response(await response.bytes(), { status: response.status, headers: response.headers });
}

/**
 * Not for what our own page asks for, whose policy lets it read from nowhere else; for what the caller has already; or for a
 * range that there is not, about which stores disagree.
 */
function mayRedirect({ headers }: Request, { digest, sizeBytes }: FoundBlob): boolean {
  const isOwnPage = headers.get("sec-fetch-site") === "same-origin";
  const isKnown = matchesNone(headers.get("if-none-match"), formatEntityTag(digest));
  return !isOwnPage && !isKnown && parseRanges(headers.get("range"), sizeBytes) !== "unsatisfiable";
}

/**
 * A request over TLS is not redirected to plain HTTP, which clients refuse, too. Nor is one with credentials redirected to the
 * same host or below it: clients would send them there as well, and stores refuse that.
 */
function maySend(
  { headers }: Request,
  { origin, address }: { readonly origin: string; readonly address: URL },
): boolean {
  const isByTls = origin.startsWith("https:") || /\bhttps\b/i.test(headers.get("x-forwarded-proto") ?? "");
  if (isByTls && address.protocol !== "https:") return false;
  const host = URL.parse(origin)?.hostname ?? "";
  return !headers.has("authorization") || !`.${address.hostname}`.endsWith(`.${host}`);
}

/** The store answers the rest, ranges as well. The address expires soon, so this answer must not be cached. */
function redirectToStore(address: string, digest: Digest): Response {
  const headers = { Location: address, "Docker-Content-Digest": digest, "Cache-Control": "no-store" };
  return new Response(null, { status: 307, headers });
}

/** Removes the blob from the repository. */
export async function deleteBlob({ repository }: Exchange, { name, digest }: BlobRoute): Promise<Response> {
  await repository(name).blobs.delete(digest);
  return new Response(null, { status: 202, headers: { "Docker-Content-Digest": digest } });
}
