// Refusals: the closed set of reasons why a request is not carried out.
// Names are the spec's error codes if it has one; which HTTP status and wire code a reason gets is known to
// http/errors.ts alone.

/** Why a request was refused. */
export type ErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DENIED"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "SIZE_INVALID"
  | "UNAUTHORIZED"
  | "UNSUPPORTED"
  // Reasons that the spec describes by a status only, or leaves open.
  | "BLOB_TOO_LARGE"
  | "HEAD_TOO_LARGE"
  | "METHOD_NOT_ALLOWED"
  | "NOT_FOUND"
  | "PAGE_INVALID"
  | "RANGE_NOT_SATISFIABLE"
  | "REQUEST_INVALID"
  | "TAG_INVALID"
  | "TOO_LARGE"
  | "TOO_MANY_REQUESTS"
  | "TOO_MANY_TAGS"
  | "UNAVAILABLE"
  | "UPLOAD_BUSY"
  | "UPLOAD_OUT_OF_ORDER"
  | "UPLOAD_STALLED"
  // Why the upstream of a cached repository did not help.
  | "UPSTREAM_DENIED"
  | "UPSTREAM_INVALID"
  | "UPSTREAM_LIMITED"
  | "UPSTREAM_TIMEOUT"
  | "UPSTREAM_UNAVAILABLE"
  | "UPSTREAM_UNREACHABLE";

/** What a refusal can say besides its code. */
export interface RefusalDetail {
  /** A sentence for people; the code's default if absent. */
  readonly message?: string;
  /** Values that help a client: digests, sizes, names. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
  /** Response headers that belong to the refusal, such as Allow. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** A refusal. Anything else that is thrown is a failure of ours. */
export class RegistryError extends Error {
  readonly code: ErrorCode;
  readonly refusal: RefusalDetail;

  constructor(code: ErrorCode, refusal: RefusalDetail = {}) {
    super(refusal.message ?? code, { cause: refusal.cause });
    this.name = "RegistryError";
    this.code = code;
    this.refusal = refusal;
  }
}
