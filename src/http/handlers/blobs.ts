// GET, HEAD and DELETE of blobs.
import type { Digest } from "../../oci/digest.ts";
import { octetStream } from "../../oci/media-type.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Exchange } from "../exchange.ts";
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

/** The blob's bytes; HEAD promises that they stay for the grace of garbage collection. */
export async function getBlob({ request, repository }: Exchange, { name, digest }: BlobRoute): Promise<Response> {
  const common = { digest, contentType: octetStream, headers: blobHeaders };
  if (request.method === "HEAD") {
    const { sizeBytes } = await repository(name).blobs.promise(digest);
    return serveContent(request, { ...common, sizeBytes, source: undefined });
  }
  const blob = await repository(name).blobs.open(digest);
  const source = "content" in blob ? blob.content : blob.read.bind(blob);
  return serveContent(request, { ...common, sizeBytes: blob.sizeBytes, source });
}

/** Removes the blob from the repository. */
export async function deleteBlob({ repository }: Exchange, { name, digest }: BlobRoute): Promise<Response> {
  await repository(name).blobs.delete(digest);
  return new Response(null, { status: 202, headers: { "Docker-Content-Digest": digest } });
}
