// How requests to an object store fail.
import { parseXml, textOf, type XmlElement } from "./xml.ts";

/** What is known of a failure. */
interface FailureDetail {
  /** The status of the answer; 0 if none came, or not whole. */
  readonly status: number;
  /** What the store calls it ("SlowDown", "AccessDenied"), or the code of the connection's error. */
  readonly reason: string;
  /** When the store said that one should come again. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** A request to an object store that did not succeed. */
export class S3Failure extends Error {
  readonly status: number;
  readonly reason: string;
  readonly retryAfterMs: number | undefined;
  /** As the system's errors have one. */
  readonly code = "ES3";

  constructor(what: string, { status, reason, retryAfterMs, cause }: FailureDetail) {
    const outcome = status === 0 ? `was not answered (${reason})` : `was answered ${status} ${reason}`.trimEnd();
    super(`${what} ${outcome}`, { cause });
    this.name = "S3Failure";
    this.status = status;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the request may have been carried out all the same, now or later. */
  get isUnknown(): boolean {
    return this.status === 0 || (this.status >= 500 && this.reason !== "NotImplemented");
  }
}

/** The longest `Retry-After` that is believed. */
const longestRetryAfterMs = 60_000;

/** The failure that an answer tells, by its status and what the store wrote. */
export async function failureOf(
  what: string,
  answer: { readonly status: number; readonly headers: Headers; readonly text: string },
): Promise<S3Failure> {
  const { status, headers, text } = answer;
  const told = text.includes("<") ? await parseXml(text) : undefined;
  const reason = (told === undefined ? undefined : codeOf(told)) ?? headers.get("x-amz-error-code") ?? "";
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const retryAfterMs = seconds >= 0 ? Math.min(seconds * 1000, longestRetryAfterMs) : undefined;
  return new S3Failure(what, { status, reason: reason.slice(0, 100), retryAfterMs });
}

/** The code of an error; undefined for an element that tells none. An answer 200 may tell one, too. */
export function codeOf(element: XmlElement): string | undefined {
  return element.name === "Error" ? textOf(element, "Code") : undefined;
}
