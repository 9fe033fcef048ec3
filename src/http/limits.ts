// What requests may use.
import { RegistryError } from "../oci/errors.ts";
import { maxManifestBytes } from "../oci/manifest.ts";
import { OpenSessions } from "./open-sessions.ts";
import { UploadSlots } from "./upload-slots.ts";
import { WholeBodies } from "./whole-bodies.ts";

/** The numbers; infinite if there is no limit. */
export interface Limits {
  readonly maxHeadBytes: number;
  readonly maxManifestBytes: number;
  readonly maxBlobBytes: number;
  /** How long a body may bring nothing. */
  readonly stallMs: number;
  /** The least rate of a body. */
  readonly bytesPerSecond: number;
  /** Over which time the rate of a blob is judged: a client may rest while it makes what it sends. */
  readonly blobWindowMs: number;
  /** Bodies of uploads that are received at once. */
  readonly maxUploads: number;
  /** Open upload sessions of one caller. */
  readonly maxSessions: number;
}

/** The numbers, and what counts by them: one for a server. */
export interface Limiter {
  readonly limits: Limits;
  readonly wholeBodies: WholeBodies;
  readonly uploadSlots: UploadSlots;
  readonly openSessions: OpenSessions;
}

/** Larger heads never get here: Bun answers them itself, by a flag of the executable. */
const bunHeadBytes = 64 * 1024;

/** The limits of a server without any configured. */
export const usualLimits: Limits = {
  maxHeadBytes: bunHeadBytes,
  maxManifestBytes,
  maxBlobBytes: Number.POSITIVE_INFINITY,
  stallMs: 60_000,
  bytesPerSecond: 512,
  blobWindowMs: 60_000,
  maxUploads: 1000,
  maxSessions: 1000,
};

/** Begins to count; `now` is in milliseconds. */
export function createLimiter(limits: Limits, now: () => number): Limiter {
  return {
    limits,
    wholeBodies: new WholeBodies(limits),
    uploadSlots: new UploadSlots(limits.maxUploads),
    openSessions: new OpenSessions(limits.maxSessions, now),
  };
}

/** Bytes of a field's line beside name and value. */
const lineBytes = 4;

/** Refuses a head with HEAD_TOO_LARGE. */
export function refuseLongHead({ url, headers }: Request, { maxHeadBytes }: Limits): void {
  if (maxHeadBytes >= bunHeadBytes) return;
  let sizeBytes = url.length;
  for (const [name, value] of headers) sizeBytes += name.length + value.length + lineBytes;
  if (sizeBytes <= maxHeadBytes) return;
  throw new RegistryError("HEAD_TOO_LARGE", {
    detail: { maxBytes: maxHeadBytes },
    headers: { Connection: "close" },
    cause: new Error(`http.limits.headersize is ${maxHeadBytes}`),
  });
}
