// Requests of a command, for which only its user waits: temporary failures are retried.
import { setTimeout as pause } from "node:timers/promises";
import { errorCode } from "../lib/system-error.ts";
import { type ErrorCode, RegistryError } from "../oci/errors.ts";

/** How patient it is. */
export interface Patience {
  /** Before the second attempt; doubled with each further one. */
  readonly pauseMs: number;
  readonly attempts: number;
  /** The longest pause that a registry may ask for (Retry-After). */
  readonly longestMs: number;
  readonly signal: AbortSignal;
}

const passingCodes: readonly ErrorCode[] = [
  "UPSTREAM_LIMITED",
  "UPSTREAM_TIMEOUT",
  "UPSTREAM_UNAVAILABLE",
  "UPSTREAM_UNREACHABLE",
];
/** There is no server, or none that can be trusted: another attempt would find the same. */
const lastingCauses: readonly string[] = ["ECONNREFUSED", "ConnectionRefused", "ENOTFOUND", "EAI_AGAIN", "EPROTO"];

/** The outcome of the first attempt that does not fail in passing, or the last failure. */
export async function withRetries<T>(work: () => Promise<T>, patience: Patience): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      const pauseMs = planPause(error, attempt, patience);
      if (pauseMs === undefined) throw error;
      await pause(pauseMs, undefined, { signal: patience.signal }).catch(() => {
        throw error;
      });
    }
  }
}

/** How long to wait before another attempt; undefined if there is to be none. */
export function planPause(
  error: unknown,
  attempt: number,
  { pauseMs, attempts, longestMs, signal }: Patience,
): number | undefined {
  if (!(error instanceof RegistryError) || signal.aborted || attempt >= attempts) return undefined;
  const { code, cause, refusal } = error;
  if (!passingCodes.includes(code) || isLasting(cause)) return undefined;
  const askedMs = (refusal.retryAfterSeconds ?? 0) * 1000;
  return askedMs > longestMs ? undefined : Math.max(askedMs, pauseMs * 2 ** (attempt - 1));
}

function isLasting(cause: unknown): boolean {
  const code = errorCode(cause) ?? "";
  return lastingCauses.includes(code) || code.includes("CERT") || code.includes("SIGNATURE");
}
