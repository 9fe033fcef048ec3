// What a registry says to a push that it does not take.
import { isRecord } from "../oci/descriptor.ts";
import { RegistryError } from "../oci/errors.ts";
import type { UpstreamAnswer } from "./transport.ts";
import { parseRetryAfter, readWholeAnswer } from "./upstream-answer.ts";

/** What was pushed where, for the message. */
export interface PushSubject {
  readonly host: string;
  readonly name: string;
  readonly nowMs: number;
}

const maxErrorBytes = 64 * 1024;
const stallMs = 10_000;
const maxShownLength = 300;

/** The refusal that the answer is; its body is read for what the registry says in words. */
export async function refusalOfPush(answer: UpstreamAnswer, subject: PushSubject): Promise<RegistryError> {
  const { host, name, nowMs } = subject;
  const { status, headers } = answer;
  const words = await readWords(answer, host);
  const says = `${host} answers ${status}${words === undefined ? "" : ` (${words})`}`;
  if (status === 401 || status === 403) {
    const message = `${says}: this user may not push to ${name}; log in with \`docker login ${host}\` or another tool`;
    return new RegistryError("UPSTREAM_DENIED", { message });
  }
  const retryAfterSeconds = parseRetryAfter(headers.get("retry-after"), nowMs);
  const refusal = {
    message: `${says} to a push to ${name}`,
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
  };
  if (status === 429) return new RegistryError("UPSTREAM_LIMITED", refusal);
  return new RegistryError(status >= 500 ? "UPSTREAM_UNAVAILABLE" : "UPSTREAM_INVALID", refusal);
}

/** The first error of the body: its code and message. A stranger wrote it. */
async function readWords(answer: UpstreamAnswer, host: string): Promise<string | undefined> {
  try {
    const bytes = await readWholeAnswer(answer, { maxBytes: maxErrorBytes, stallMs, host });
    const value: unknown = JSON.parse(bytes.toString());
    const first: unknown = isRecord(value) && Array.isArray(value.errors) ? value.errors[0] : undefined;
    if (!isRecord(first)) return undefined;
    const texts = [first.code, first.message].filter((text) => typeof text === "string" && text !== "");
    return (
      texts
        .join(": ")
        .replace(/[^\x20-\x7e]/g, " ")
        .slice(0, maxShownLength) || undefined
    );
  } catch {
    // It is only for the message.
    return undefined;
  }
}
