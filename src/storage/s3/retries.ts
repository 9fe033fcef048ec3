// Whether a request is sent again, and after which pause. Pure.
import type { S3Failure } from "./failure.ts";

/** How often and how long a request is tried. */
export interface RetryLimits {
  readonly attempts: number;
  /** From the first attempt on; no other one begins later. */
  readonly totalMs: number;
}

/** Where a request stands. */
export interface Progress {
  /** Attempts made so far, at least one. */
  readonly attempts: number;
  readonly elapsedMs: number;
  /** From 0 up to, but without, 1. */
  readonly random: number;
}

/** What a store has patience for, and a client too. */
export const defaultLimits: RetryLimits = { attempts: 6, totalMs: 40_000 };

const firstPauseMs = 50;
const longestPauseMs = 5_000;

/** Statuses that say: not now. */
const passingStatuses = [0, 408, 429, 500, 502, 503, 504];
/** The same, by what the store calls it: their statuses say something else. */
const passingReasons = [
  "RequestTimeout",
  "SlowDown",
  "ConditionalRequestConflict",
  "OperationAborted",
  "Throttling",
  "InternalError",
  // Of a store that keeps objects as files, when a directory goes in which one is just made; no key of ours lies below another.
  "ExistingObjectIsDirectory",
];
/** Set right by what was learned from the answer: the store's time, other credentials. */
const correctedReasons = ["RequestTimeTooSkewed", "ExpiredToken", "TokenRefreshRequired", "InvalidToken"];

/** Whether the failure may pass by itself. */
export function isPassing({ status, reason }: Pick<S3Failure, "status" | "reason">): boolean {
  return passingStatuses.includes(status) || passingReasons.includes(reason);
}

/** Whether nothing but a wrong clock or ended credentials was in the way. */
export function isCorrected({ reason }: Pick<S3Failure, "reason">): boolean {
  return correctedReasons.includes(reason);
}

/** The pause before the next attempt in milliseconds; undefined if there should be none. */
export function planRetry(
  failure: Pick<S3Failure, "status" | "reason" | "retryAfterMs">,
  progress: Progress,
  limits: RetryLimits,
): number | undefined {
  const { attempts, elapsedMs, random } = progress;
  if (attempts >= limits.attempts) return undefined;
  if (isCorrected(failure)) return attempts === 1 ? 0 : undefined;
  if (!isPassing(failure)) return undefined;
  const ceilingMs = Math.min(firstPauseMs * 2 ** (attempts - 1), longestPauseMs);
  const pauseMs = Math.max(failure.retryAfterMs ?? 0, ceilingMs * (0.5 + random / 2));
  return elapsedMs + pauseMs > limits.totalMs ? undefined : pauseMs;
}
