// GET, HEAD, PUT and DELETE of manifests.
import { contentOfBytes } from "../../lib/content.ts";
import { octetStream } from "../../oci/media-type.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Reference, Tag } from "../../oci/reference.ts";
import { contentLength, type Exchange, formatLocation } from "../exchange.ts";
import { formatWarning } from "../namespace.ts";
import { serveContent } from "./content.ts";

interface ManifestRoute {
  readonly name: RepositoryName;
  readonly reference: Reference;
}

/**
 * The manifest as it was pushed, under its own type whatever Accept says; as an attachment if another registry
 * stored one with a type that is not a manifest's.
 */
export async function getManifest(
  { request, repository }: Exchange,
  { name, reference }: ManifestRoute,
): Promise<Response> {
  const { manifests } = repository(name);
  const stored = request.method === "HEAD" ? undefined : await manifests.get(reference);
  const found = stored ?? (await manifests.promise(reference));
  const { digest, sizeBytes, mediaType: contentType, warning } = found;
  const headers: Record<string, string> = warning === undefined ? {} : { Warning: formatWarning(warning) };
  if (contentType === octetStream) headers["Content-Disposition"] = "attachment";
  const source = stored === undefined ? undefined : contentOfBytes(stored.bytes);
  return serveContent(request, { digest, sizeBytes, contentType, source, headers });
}

/** Stores a manifest, under a tag or under its digest with any number of tags. */
export async function putManifest(
  exchange: Exchange,
  { name, reference, tags }: ManifestRoute & { readonly tags: readonly Tag[] },
): Promise<Response> {
  const { request, repository, limiter } = exchange;
  const { maxManifestBytes: maxBytes, stallMs } = limiter.limits;
  contentLength(request);
  using body = await limiter.wholeBodies.read(request, { maxBytes, stallMs });
  const { digest, subject } = await repository(name).manifests.put({
    bytes: body.bytes,
    contentType: request.headers.get("content-type") ?? undefined,
    digest: reference.kind === "digest" ? reference.digest : undefined,
    tags,
  });
  // Once it is stored, everything that was to be written is. After a failure something may still be on its way.
  body.drop();
  const headers = new Headers({
    Location: formatLocation(exchange, name, `manifests/${digest}`),
    "Docker-Content-Digest": digest,
  });
  if (subject !== undefined) headers.set("OCI-Subject", subject);
  if (tags.length > 0) headers.set("OCI-Tag", tags.join(", "));
  return new Response(null, { status: 201, headers });
}

/** By tag: that tag alone. By digest: the manifest and every tag that points to it. */
export async function deleteManifest({ repository }: Exchange, { name, reference }: ManifestRoute): Promise<Response> {
  const { tags, manifests } = repository(name);
  if (reference.kind === "tag") await tags.delete(reference.tag);
  else await manifests.delete(reference.digest);
  return new Response(null, { status: 202 });
}
