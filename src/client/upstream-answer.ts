// What an upstream's answer says: its status, headers and body. A stranger wrote them: nothing too long is read.
import { type Digest, parseDigest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { UpstreamAnswer } from "./transport.ts";

/** Who answered. */
export interface Answerer {
  readonly host: string;
  /** Whether a user is configured for it. */
  readonly hasUser: boolean;
  readonly nowMs: number;
}

const defaultRetrySeconds = 60;

/** True if the answer has what was asked for, false if it does not exist; throws a refusal otherwise. */
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

/** The limits of reading a body, and whom it is from. */
export interface ReadLimits {
  readonly maxBytes: number;
  /** Between two chunks. */
  readonly stallMs: number;
  readonly host: string;
}

/** The whole body; refuses a longer one with UPSTREAM_INVALID. */
export async function readWholeAnswer(
  answer: UpstreamAnswer,
  { maxBytes, stallMs, host }: ReadLimits,
): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer.chunks(stallMs)) {
    chunks.push(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) throw new RegistryError("UPSTREAM_INVALID", { message: `${host} sent too much` });
  }
  return Buffer.concat(chunks);
}

/** Longer than any upstream needs, and short enough for every parser here. */
const maxHeaderLength = 8192;

/** The digest that the upstream claims for its answer. */
export function digestOf({ headers }: Pick<UpstreamAnswer, "headers">): Digest | undefined {
  return parseDigest(headers.get("docker-content-digest") ?? "");
}

/** The length of the body, if the upstream says it. */
export function parseLength(header: string | null): number | undefined {
  return header !== null && /^\d{1,15}$/.test(header) ? Number(header) : undefined;
}

/** Where a part starts, and the size of the whole if the upstream says it (RFC 9110, section 14.4). */
export function parsePartRange(
  header: string | null,
): { readonly startBytes: number; readonly totalBytes: number | undefined } | undefined {
  const match = /^bytes (\d{1,15})-\d{1,15}\/(\d{1,15}|\*)$/.exec(header ?? "");
  if (match === null) return undefined;
  return { startBytes: Number(match[1]), totalBytes: match[2] === "*" ? undefined : Number(match[2]) };
}

/** The address of the next page as a Link header gives it (RFC 8288): `<address>; rel="next"`. */
export function parseNextLink(header: string | null): string | undefined {
  if (header === null || header.length > maxHeaderLength) return undefined;
  for (const link of header.split("<").slice(1)) {
    const end = link.indexOf(">");
    const [parameters = ""] = link.slice(end + 1).split(",");
    const isNext = parameters.split(";").some((each) => /^rel="?next"?$/i.test(each.trim()));
    if (end > 0 && isNext) return link.slice(0, end);
  }
  return undefined;
}

/** How many pulls Docker Hub still allows, as it says with every manifest: "76;w=21600". */
export function parseRemaining(header: string | null): number | undefined {
  const digits = /^\d{1,15}/.exec(header ?? "")?.[0];
  return digits === undefined ? undefined : Number(digits);
}

/** Longer than any date. */
const maxDateLength = 100;

/** The seconds that a Retry-After header asks for, given as seconds or as a date (RFC 9110, section 10.2.3). */
export function parseRetryAfter(header: string | null, nowMs: number): number | undefined {
  if (header === null || header.length > maxDateLength) return undefined;
  if (/^\s*\d{1,9}\s*$/.test(header)) return Number(header);
  const dateMs = Date.parse(header);
  return Number.isNaN(dateMs) ? undefined : Math.max(0, Math.ceil((dateMs - nowMs) / 1000));
}
