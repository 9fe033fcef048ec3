// The section `http.limits` as the server counts it.
import type { Configuration } from "../../config/schema.ts";
import { type Limits, usualLimits } from "../../http/limits.ts";

/** The longest time that a timer takes. */
const foreverMs = 2 ** 31 - 1;

/** 0 stands for no limit. What is counted is divided among the processes that share it. */
export function limitsOf(written: Configuration["http"]["limits"], processes: number): Limits {
  return {
    maxHeadBytes: written.headersize,
    maxManifestBytes: written.manifestsize,
    maxBlobBytes: orNone(written.blobsize),
    stallMs: written.stalltimeout || foreverMs,
    bytesPerSecond: written.bodyrate,
    blobWindowMs: usualLimits.blobWindowMs,
    maxUploads: shareOf(written.uploads, processes),
    maxSessions: shareOf(written.sessions, processes),
  };
}

/** A number of which 0 means that there is no limit. */
export function orNone(written: number): number {
  return written === 0 ? Number.POSITIVE_INFINITY : written;
}

/** One process's part of a number of which 0 means that there is no limit: rounded up, so that each may have one. */
export function shareOf(written: number, processes: number): number {
  return Math.ceil(orNone(written) / processes);
}
