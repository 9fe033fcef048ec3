// What the status of an upstream's answer means for a cache.
import { RegistryError } from "../oci/errors.ts";
import { parseRetryAfter } from "./freshness.ts";

/** Whom an answer is from. */
export interface Answerer {
  readonly host: string;
  /** Whether a user is configured for it. */
  readonly hasUser: boolean;
  readonly nowMs: number;
}

const defaultRetrySeconds = 60;

/** Whether what was asked for is in the answer; false: it is not there. Throws an UPSTREAM_ refusal for anything else. */
export function isFound(
  { status, headers }: { readonly status: number; readonly headers: Headers },
  { host, hasUser, nowMs }: Answerer,
): boolean {
  if (status === 200 || status === 206) return true;
  if (status === 404) return false;
  const says = `${host} answers ${status}`;
  if (status === 401 || status === 403) {
    const whose = hasUser
      ? "may not be pulled by the user who is configured"
      : "may not be pulled by everybody; no user is configured";
    throw new RegistryError("UPSTREAM_DENIED", {
      message: `${says}: the repository does not exist there, or ${whose}`,
    });
  }
  const retryAfterSeconds = parseRetryAfter(headers.get("retry-after"), nowMs);
  const retry = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
  if (status === 429) {
    throw new RegistryError("UPSTREAM_LIMITED", {
      message: `${says}: too many requests`,
      retryAfterSeconds: retryAfterSeconds ?? defaultRetrySeconds,
    });
  }
  if (status === 504) throw new RegistryError("UPSTREAM_TIMEOUT", { message: says, ...retry });
  if (status >= 500) throw new RegistryError("UPSTREAM_UNAVAILABLE", { message: says, ...retry });
  throw new RegistryError("UPSTREAM_INVALID", { message: says });
}
