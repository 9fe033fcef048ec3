// The section `http.limits` as the server counts it.
import type { Configuration } from "../../config/schema.ts";
import { type Limits, usualLimits } from "../../http/limits.ts";

/** The longest time that a timer takes. */
const foreverMs = 2 ** 31 - 1;

/** 0 stands for no limit. */
export function limitsOf(written: Configuration["http"]["limits"]): Limits {
  return {
    maxHeadBytes: written.headersize,
    maxManifestBytes: written.manifestsize,
    maxBlobBytes: orNone(written.blobsize),
    stallMs: written.stalltimeout || foreverMs,
    bytesPerSecond: written.bodyrate,
    blobWindowMs: usualLimits.blobWindowMs,
    maxUploads: orNone(written.uploads),
    maxSessions: orNone(written.sessions),
  };
}

/** A number of which 0 means that there is no limit. */
export function orNone(written: number): number {
  return written === 0 ? Number.POSITIVE_INFINITY : written;
}
