// Maps refusals and failures to statuses and wire codes. Nothing else knows the status of an error.
import { errorCode } from "../lib/system-error.ts";
import { type ErrorCode, RegistryError } from "../oci/errors.ts";

interface ErrorAnswer {
  readonly status: number;
  /** The code in the body: for 4xx one of the spec's list, or distribution's if the spec has none that fits. */
  readonly wire: string;
  readonly message: string;
}

const answers: Record<ErrorCode, ErrorAnswer> = {
  BLOB_UNKNOWN: { status: 404, wire: "BLOB_UNKNOWN", message: "blob unknown to registry" },
  BLOB_UPLOAD_INVALID: { status: 400, wire: "BLOB_UPLOAD_INVALID", message: "blob upload invalid" },
  BLOB_UPLOAD_UNKNOWN: { status: 404, wire: "BLOB_UPLOAD_UNKNOWN", message: "blob upload unknown to registry" },
  DENIED: { status: 403, wire: "DENIED", message: "requested access to the resource is denied" },
  DIGEST_INVALID: { status: 400, wire: "DIGEST_INVALID", message: "provided digest did not match uploaded content" },
  MANIFEST_BLOB_UNKNOWN: {
    status: 404,
    wire: "MANIFEST_BLOB_UNKNOWN",
    message: "manifest references a manifest or blob unknown to registry",
  },
  MANIFEST_INVALID: { status: 400, wire: "MANIFEST_INVALID", message: "manifest invalid" },
  MANIFEST_UNKNOWN: { status: 404, wire: "MANIFEST_UNKNOWN", message: "manifest unknown to registry" },
  NAME_INVALID: { status: 400, wire: "NAME_INVALID", message: "invalid repository name" },
  NAME_UNKNOWN: { status: 404, wire: "NAME_UNKNOWN", message: "repository name not known to registry" },
  SIZE_INVALID: { status: 400, wire: "SIZE_INVALID", message: "provided length did not match content length" },
  UNAUTHORIZED: { status: 401, wire: "UNAUTHORIZED", message: "authentication required" },
  UNSUPPORTED: { status: 405, wire: "UNSUPPORTED", message: "the operation is unsupported" },
  BLOB_TOO_LARGE: { status: 413, wire: "SIZE_INVALID", message: "the blob is larger than this registry takes" },
  HEAD_TOO_LARGE: { status: 431, wire: "SIZE_INVALID", message: "the request's headers are too large" },
  METHOD_NOT_ALLOWED: { status: 405, wire: "UNSUPPORTED", message: "this method is not supported here" },
  NOT_FOUND: { status: 404, wire: "UNSUPPORTED", message: "there is nothing at this path; the API is below /v2/" },
  PAGE_INVALID: { status: 400, wire: "PAGINATION_NUMBER_INVALID", message: "invalid number of results requested" },
  RANGE_NOT_SATISFIABLE: { status: 416, wire: "SIZE_INVALID", message: "the requested range is not satisfiable" },
  REQUEST_INVALID: { status: 400, wire: "UNSUPPORTED", message: "the request is malformed" },
  TAG_INVALID: { status: 400, wire: "MANIFEST_INVALID", message: "neither a valid tag nor a valid digest" },
  TOO_LARGE: { status: 413, wire: "SIZE_INVALID", message: "the manifest is too large" },
  TOO_MANY_REQUESTS: { status: 429, wire: "TOOMANYREQUESTS", message: "too many requests" },
  TOO_MANY_TAGS: { status: 414, wire: "MANIFEST_INVALID", message: "too many tags in one request" },
  UNAVAILABLE: { status: 503, wire: "UNAVAILABLE", message: "service unavailable; try again" },
  UPLOAD_BUSY: { status: 409, wire: "BLOB_UPLOAD_INVALID", message: "another request is writing to this upload" },
  UPLOAD_OUT_OF_ORDER: { status: 416, wire: "BLOB_UPLOAD_INVALID", message: "the chunk does not continue the upload" },
  UPLOAD_STALLED: { status: 408, wire: "BLOB_UPLOAD_INVALID", message: "no bytes came for a while; resume the upload" },
  UPSTREAM_DENIED: { status: 403, wire: "DENIED", message: "the upstream registry denies access to this repository" },
  UPSTREAM_INVALID: { status: 502, wire: "UNKNOWN", message: "the upstream registry answered with something wrong" },
  UPSTREAM_LIMITED: { status: 429, wire: "TOOMANYREQUESTS", message: "the upstream registry limits its requests" },
  UPSTREAM_TIMEOUT: { status: 504, wire: "UNAVAILABLE", message: "the upstream registry does not answer in time" },
  UPSTREAM_UNAVAILABLE: { status: 503, wire: "UNAVAILABLE", message: "the upstream registry is unavailable" },
  UPSTREAM_UNREACHABLE: { status: 502, wire: "UNAVAILABLE", message: "the upstream registry cannot be reached" },
};

/** Failures of the disk or of the object store, by the error's code. Reads of stored content keep working meanwhile. */
const diskAnswers: Readonly<Record<string, ErrorAnswer>> = {
  ENOSPC: { status: 507, wire: "UNAVAILABLE", message: "the registry's storage is full" },
  EDQUOT: { status: 507, wire: "UNAVAILABLE", message: "the registry's storage quota is used up" },
  EROFS: { status: 503, wire: "UNAVAILABLE", message: "the registry's storage is read-only" },
  EIO: { status: 503, wire: "UNAVAILABLE", message: "the registry's storage failed" },
  ESTALE: { status: 503, wire: "UNAVAILABLE", message: "the registry's storage is not in its place" },
  EMFILE: { status: 503, wire: "UNAVAILABLE", message: "the registry has too many files open" },
  ES3: { status: 503, wire: "UNAVAILABLE", message: "the registry's object store failed" },
  ENFILE: { status: 503, wire: "UNAVAILABLE", message: "the registry has too many files open" },
};

/** A failure of ours reveals nothing else. */
const internal: ErrorAnswer = { status: 500, wire: "UNKNOWN", message: "internal error" };

/** Whether the client went away while it was sending or being answered. */
export function isClientGone(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** Whether the failure is ours and must be logged with its cause. */
export function isFailure(error: unknown): boolean {
  return !(error instanceof RegistryError) && !isClientGone(error);
}

/** Whether the disk, or the limit of open files, is to blame. */
export function isDiskFailure(error: unknown): boolean {
  return Object.hasOwn(diskAnswers, errorCode(error) ?? "");
}

/** The response to anything thrown. */
export function formatError(error: unknown): Response {
  if (error instanceof RegistryError) return formatRefusal(error);
  const answer = (isDiskFailure(error) ? diskAnswers[errorCode(error) ?? ""] : undefined) ?? internal;
  const headers = answer === internal ? {} : { "Retry-After": "10" };
  return Response.json(
    { errors: [{ code: answer.wire, message: answer.message }] },
    { status: answer.status, headers },
  );
}

function formatRefusal({ code, refusal }: RegistryError): Response {
  const answer = answers[code];
  const entry = { code: answer.wire, message: refusal.message || answer.message };
  const headers = new Headers(refusal.headers);
  if (refusal.retryAfterSeconds !== undefined) headers.set("Retry-After", String(refusal.retryAfterSeconds));
  return Response.json({ errors: listErrors(entry, refusal.detail) }, { status: answer.status, headers });
}

/** Enough to fix a manifest; one of 4 MiB can name more digests than anybody reads. */
const maxEntries = 100;

/** One entry for each missing digest, as the spec says; otherwise one. */
function listErrors(
  entry: { readonly code: string; readonly message: string },
  detail: Readonly<Record<string, unknown>> | undefined,
): readonly unknown[] {
  if (Array.isArray(detail?.digests)) {
    return detail.digests.slice(0, maxEntries).map((digest) => ({ ...entry, detail: { digest } }));
  }
  return [{ ...entry, detail }];
}
