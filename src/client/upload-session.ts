// Upload sessions at another registry (OCI distribution-spec, "Pushing blobs"): opening, sending, asking how far they are.
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import { refusalOfPush } from "./push-answer.ts";
import type { RegistryClient } from "./registry-client.ts";
import type { RequestBody, UpstreamAnswer } from "./transport.ts";
import type { Scopes } from "./upstream-token.ts";

/** A repository that is pushed to. */
export interface PushTarget {
  readonly client: RegistryClient;
  readonly name: RepositoryName;
  readonly now: () => number;
}

/** What opening a session came to. */
export type OpenedSession = { readonly kind: "mounted" } | { readonly kind: "session"; readonly location: URL };

/** The state of a session: where to resume it, or that it has ended. */
export type SessionState = { readonly location: URL; readonly sizeBytes: number } | "gone";

/** A piece to send. */
export interface SentPiece {
  readonly body: RequestBody;
  readonly lengthBytes: number;
  /** Where it begins, to be said; undefined for a whole blob from its beginning. */
  readonly startBytes: number | undefined;
}

/** How long a registry may take to answer after the last byte: it may have to put many parts together. */
const settleMs = 600_000;
const octets = { "Content-Type": "application/octet-stream" };

/** What pushing needs, with what a mount reads beside. */
export function pushScopes(name: RepositoryName, from?: RepositoryName): Scopes {
  return [`repository:${name}:pull,push`, ...(from === undefined ? [] : [`repository:${from}:pull`])];
}

/** Opens a session, or mounts the blob instead where the registry can do that. */
export async function openSession(
  target: PushTarget,
  {
    mount,
    signal,
  }: { readonly mount?: { readonly digest: Digest; readonly from: RepositoryName }; readonly signal: AbortSignal },
): Promise<OpenedSession> {
  const { client, name } = target;
  const query = mount === undefined ? "" : `?mount=${mount.digest}&from=${encodeURIComponent(mount.from)}`;
  const scopes = pushScopes(name, mount?.from);
  const headers = { "Content-Length": "0" };
  const answer = await client.send({ method: "POST", path: `${name}/blobs/uploads/${query}`, scopes, headers, signal });
  if (answer.status === 201 && mount !== undefined) {
    answer.cancel();
    return { kind: "mounted" };
  }
  if (answer.status !== 202) throw await refusalOfPush(answer, subjectOf(target));
  answer.cancel();
  return { kind: "session", location: locationOf(target, answer) };
}

/** Sends a piece; the session is where it was before if that fails. */
export async function sendPiece(
  target: PushTarget,
  location: URL,
  { piece, signal }: { readonly piece: SentPiece; readonly signal: AbortSignal },
): Promise<URL | "gone" | "other-range" | "too-large"> {
  const { body, lengthBytes, startBytes } = piece;
  const range = startBytes === undefined ? {} : { "Content-Range": `${startBytes}-${startBytes + lengthBytes - 1}` };
  const headers = { ...octets, "Content-Length": `${lengthBytes}`, ...range };
  const answer = await ask(target, { method: "PATCH", location, headers, body, signal });
  if (answer.status === 202 || answer.status === 204) {
    answer.cancel();
    return locationOf(target, answer);
  }
  const outcomes: Readonly<Record<number, "gone" | "other-range" | "too-large">> = {
    404: "gone",
    413: "too-large",
    416: "other-range",
  };
  const outcome = outcomes[answer.status];
  if (outcome === undefined) throw await refusalOfPush(answer, subjectOf(target));
  answer.cancel();
  return outcome;
}

/** Makes the blob of what was sent, with a last piece; "refused" where its bytes arrived wrong. */
export async function closeSession(
  target: PushTarget,
  location: URL,
  {
    digest,
    body,
    signal,
  }: { readonly digest: Digest; readonly body?: Uint8Array<ArrayBuffer>; readonly signal: AbortSignal },
): Promise<"stored" | "gone" | "refused" | "too-large"> {
  const url = new URL(location);
  url.searchParams.set("digest", digest);
  const headers = { ...octets, "Content-Length": `${body?.length ?? 0}` };
  const answer = await ask(target, { method: "PUT", location: url, headers, body, signal });
  if (answer.status === 201 || answer.status === 204 || answer.status === 202) {
    answer.cancel();
    return "stored";
  }
  if (answer.status === 404 || answer.status === 413) {
    answer.cancel();
    return answer.status === 404 ? "gone" : "too-large";
  }
  const refusal = await refusalOfPush(answer, subjectOf(target));
  if (refusal.message.includes("DIGEST_INVALID") || answer.status === 416) return "refused";
  throw refusal;
}

/** Asks how many bytes have arrived. */
export async function askSession(target: PushTarget, location: URL, signal: AbortSignal): Promise<SessionState> {
  const answer = await ask(target, { method: "GET", location, headers: {}, signal });
  answer.cancel();
  if (answer.status !== 204 && answer.status !== 200 && answer.status !== 202) return "gone";
  const range = /^(?:bytes=)?0-(\d{1,15})$/.exec(answer.headers.get("range") ?? "");
  // An empty session has "0-0" as well, but then one byte more is not there either.
  const last = range?.[1] === undefined ? 0 : Number(range[1]);
  return { location: locationOf(target, answer, location), sizeBytes: last === 0 ? 0 : last + 1 };
}

/** Ends a session that is not needed; a failure to do so does not matter. */
export async function dropSession(target: PushTarget, location: URL, signal: AbortSignal): Promise<void> {
  await ask(target, { method: "DELETE", location, headers: {}, signal }).then(
    (answer) => answer.cancel(),
    () => undefined,
  );
}

interface SessionRequest {
  readonly method: "GET" | "PATCH" | "PUT" | "DELETE";
  readonly location: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: RequestBody | undefined;
  readonly signal: AbortSignal;
}

function ask({ client, name }: PushTarget, { location, ...request }: SessionRequest): Promise<UpstreamAnswer> {
  // What sends a long body watches it by itself, through the signal.
  const isLong = request.body instanceof ReadableStream;
  const timeoutMs = isLong
    ? 2 ** 31 - 1
    : request.method === "PUT" || request.method === "PATCH"
      ? settleMs
      : undefined;
  return client.send({ ...request, path: location, scopes: pushScopes(name), timeoutMs });
}

/** Only at the registry's own host: an address elsewhere would be a way into networks that it cannot reach itself. */
function locationOf({ client }: PushTarget, answer: UpstreamAnswer, otherwise?: URL): URL {
  const text = answer.headers.get("location");
  if (text === null && otherwise !== undefined) return otherwise;
  const url = text === null ? null : URL.parse(text, answer.url.href);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw invalid(`${client.host} opened an upload without an address`);
  if (url.hostname !== client.url.hostname)
    throw invalid(`${client.host} sends uploads to ${url.host}; that is not followed`);
  if (client.url.protocol === "https:" && url.protocol === "http:") {
    throw invalid(`${client.host} sends uploads from https to http; its own address is configured wrongly (http.host)`);
  }
  return url;
}

function subjectOf({ client, name, now }: PushTarget) {
  return { host: client.host, name, nowMs: now() };
}

function invalid(message: string): RegistryError {
  return new RegistryError("UPSTREAM_INVALID", { message });
}
