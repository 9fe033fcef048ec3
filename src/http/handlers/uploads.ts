// Uploads of blobs: at once, in two steps, in chunks; mounts; state and cancellation.
import { type Digest, digestAlgorithm } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Body } from "../../registry/ingest.ts";
import type { Chunk } from "../../registry/uploads.ts";
import { readChunks } from "../body.ts";
import { contentLength, type Exchange, formatLocation } from "../exchange.ts";
import type { CallerSessions, SessionName } from "../open-sessions.ts";
import { formatUploadRange, parseChunkRange } from "../range.ts";
import type { RouteOf } from "../route.ts";

/**
 * Scripts append "&digest=…" to the location of an upload, since distribution's has a query; the value means nothing.
 */
const stateQuery = "_state=open";

/** Opens a session. */
export async function startUpload(exchange: Exchange, { name, algorithm }: RouteOf<"startUpload">): Promise<Response> {
  const { uploads } = exchange.repository(name);
  const id = await sessionsOf(exchange).open(name, {
    start: () => uploads.start(algorithm),
    isOpen: (session) => isOpen(exchange, session),
  });
  return new Response(null, { status: 202, headers: sessionHeaders(exchange, { name, id }, 0) });
}

/** The whole blob in one POST. */
export async function postBlob(exchange: Exchange, { name, digest }: RouteOf<"postBlob">): Promise<Response> {
  const { uploads } = exchange.repository(name);
  const lengthBytes = contentLength(exchange.request);
  if (lengthBytes !== undefined) refuseLargeBlob(exchange, lengthBytes);
  using _slot = exchange.limiter.uploadSlots.take();
  const id = await uploads.start(digestAlgorithm(digest), { isBrief: true });
  try {
    await uploads.commit(id, { body: bodyOf(exchange), range: undefined }, digest);
  } catch (error) {
    // The session's address was never sent, so it cannot be resumed.
    await uploads.cancel(id).catch(() => undefined);
    throw error;
  }
  return created(exchange, name, digest);
}

/** Links a blob that is already stored, or opens a session to upload it. */
export async function mountBlob(exchange: Exchange, route: RouteOf<"mountBlob">): Promise<Response> {
  const { name, digest } = route;
  if (exchange.mayMountFrom(route.from)) {
    if ((await exchange.repository(name).blobs.mount(route)) !== undefined) return created(exchange, name, digest);
  }
  return startUpload(exchange, { kind: "startUpload", name, algorithm: digestAlgorithm(digest) });
}

/** Appends a chunk. */
export async function patchUpload(exchange: Exchange, { name, id }: SessionName): Promise<Response> {
  const chunk = chunkOf(exchange);
  using _slot = exchange.limiter.uploadSlots.take();
  sessionsOf(exchange).used(id);
  const sizeBytes = await withState(exchange, { name, id }, () => exchange.repository(name).uploads.append(id, chunk));
  return new Response(null, { status: 202, headers: sessionHeaders(exchange, { name, id }, sizeBytes) });
}

/** Appends the last chunk, if any, and stores the blob. */
export async function putUpload(
  exchange: Exchange,
  route: SessionName & { readonly digest: Digest },
): Promise<Response> {
  const { name, id, digest } = route;
  const chunk = chunkOf(exchange);
  using _slot = exchange.request.body === null ? undefined : exchange.limiter.uploadSlots.take();
  await withState(exchange, route, () => exchange.repository(name).uploads.commit(id, chunk, digest));
  sessionsOf(exchange).ended(id);
  return created(exchange, name, digest);
}

/** How much has been uploaded. */
export async function getUpload(exchange: Exchange, session: SessionName): Promise<Response> {
  const sizeBytes = await exchange.repository(session.name).uploads.size(session.id);
  return new Response(null, { status: 204, headers: sessionHeaders(exchange, session, sizeBytes) });
}

/** Cancels the upload. */
export async function deleteUpload(exchange: Exchange, { name, id }: SessionName): Promise<Response> {
  await exchange.repository(name).uploads.cancel(id);
  sessionsOf(exchange).ended(id);
  return new Response(null, { status: 204 });
}

function sessionsOf({ limiter, sessionOwner }: Exchange): CallerSessions {
  return limiter.openSessions.of(sessionOwner);
}

async function isOpen({ repository }: Exchange, { name, id }: SessionName): Promise<boolean> {
  try {
    await repository(name).uploads.size(id);
    return true;
  } catch (error) {
    if (error instanceof RegistryError && error.code === "BLOB_UPLOAD_UNKNOWN") return false;
    throw error;
  }
}

/** The blob as it arrives, as long as it is neither too large nor too slow. */
function bodyOf(exchange: Exchange): Body {
  const { request, limiter } = exchange;
  const { stallMs, bytesPerSecond, blobWindowMs: windowMs } = limiter.limits;
  const rate = { bytesPerSecond, windowMs };
  return async function* (signal, startBytes) {
    refuseLargeBlob(exchange, startBytes + (contentLength(request) ?? 0));
    let sizeBytes = startBytes;
    for await (const bytes of readChunks(request.body, { stallMs, rate, signal })) {
      sizeBytes += bytes.length;
      refuseLargeBlob(exchange, sizeBytes);
      yield bytes;
    }
  };
}

function refuseLargeBlob({ limiter }: Exchange, sizeBytes: number): void {
  const { maxBlobBytes: maxBytes } = limiter.limits;
  if (sizeBytes <= maxBytes) return;
  throw new RegistryError("BLOB_TOO_LARGE", {
    detail: { maxBytes },
    headers: { Connection: "close" },
    cause: new Error(`http.limits.blobsize is ${maxBytes}`),
  });
}

function chunkOf(exchange: Exchange): Chunk {
  const lengthBytes = contentLength(exchange.request);
  const text = exchange.request.headers.get("content-range");
  const range = text === null ? undefined : parseChunkRange(text);
  if (text !== null && range === undefined) {
    throw new RegistryError("BLOB_UPLOAD_INVALID", {
      message: "Content-Range must be <first>-<last>, both inclusive",
      detail: { contentRange: text.slice(0, 100) },
    });
  }
  if (range !== undefined && lengthBytes !== undefined && lengthBytes !== range.lengthBytes) {
    throw new RegistryError("SIZE_INVALID", { detail: { contentLength: lengthBytes, contentRange: text } });
  }
  return { body: bodyOf(exchange), range };
}

/** A refusal of a chunk that does not fit carries what the client needs to resume. */
async function withState<T>(exchange: Exchange, session: SessionName, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== "UPLOAD_OUT_OF_ORDER") throw error;
    const sizeBytes = Number(error.refusal.detail?.sizeBytes);
    const headers = sessionHeaders(exchange, session, sizeBytes);
    throw new RegistryError(error.code, { ...error.refusal, headers, cause: error });
  }
}

function sessionHeaders(exchange: Exchange, { name, id }: SessionName, sizeBytes: number): Record<string, string> {
  return {
    Location: `${formatLocation(exchange, name, `blobs/uploads/${id}`)}?${stateQuery}`,
    Range: formatUploadRange(sizeBytes),
    "Docker-Upload-UUID": id,
  };
}

function created(exchange: Exchange, name: RepositoryName, digest: Digest): Response {
  const headers = { Location: formatLocation(exchange, name, `blobs/${digest}`), "Docker-Content-Digest": digest };
  return new Response(null, { status: 201, headers });
}
