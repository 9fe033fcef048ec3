// The request that delivers one envelope. The operator names where it goes, so any address will do.
import { errorCode, messageOf } from "../lib/system-error.ts";
import { envelopeType } from "./envelope.ts";

/** Where and how an endpoint is reached. */
export interface WebhookOptions {
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly timeoutMs: number;
  /** Certificates in PEM that are trusted; undefined: the runtime's. */
  readonly authorities: readonly string[] | undefined;
  readonly fetch: Fetch;
}

/** The runtime's, or a test's. */
export type Fetch = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/** What came of a request. */
export type PostOutcome =
  | { readonly kind: "delivered"; readonly status: number }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  | { readonly kind: "unanswered"; readonly reason: string };

const maxRedirects = 5;

/** Posts the envelope; never throws. */
export async function postEnvelope(body: string, options: WebhookOptions, stop: AbortSignal): Promise<PostOutcome> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(options.timeoutMs)]);
  try {
    return await follow(body, options, signal);
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    const reason = isLate ? `no answer within ${options.timeoutMs} ms` : (errorCode(error) ?? messageOf(error));
    return { kind: "unanswered", reason };
  }
}

async function follow(body: string, options: WebhookOptions, signal: AbortSignal): Promise<PostOutcome> {
  const configured = new URL(options.url);
  let url = configured;
  for (let redirects = 0; ; redirects += 1) {
    const {
      status,
      headers,
      body: answer,
    } = await options.fetch(withoutUser(url), {
      method: "POST",
      body,
      headers: headersFor(url, configured, options),
      redirect: "manual",
      signal,
      tls: { rejectUnauthorized: true, ...(options.authorities === undefined ? {} : { ca: [...options.authorities] }) },
    });
    await answer?.cancel();
    if (status >= 200 && status < 300) return { kind: "delivered", status };
    const next = status === 307 || status === 308 ? URL.parse(headers.get("location") ?? "", url.href) : null;
    const isSafe = next !== null && (next.protocol === "https:" || next.protocol === url.protocol);
    if (!isSafe || redirects === maxRedirects) return { kind: "refused", status, reason: explain(status) };
    url = next;
  }
}

/** Of the others a client would repeat the request without its body. */
function explain(status: number): string {
  return status >= 300 && status < 400
    ? `status ${status}: it redirects; configure the URL it leads to`
    : `status ${status}`;
}

/** What is configured may be secret, and goes to the configured host and port alone. */
function headersFor(url: URL, configured: URL, options: WebhookOptions): Headers {
  const headers = new Headers({ "Content-Type": envelopeType, "User-Agent": "registry" });
  if (url.host !== configured.host) return headers;
  const { username, password } = configured;
  const user = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  if (user !== ":") headers.set("Authorization", `Basic ${Buffer.from(user).toString("base64")}`);
  for (const [name, values] of Object.entries(options.headers)) {
    headers.delete(name);
    for (const value of values) headers.append(name, value);
  }
  return headers;
}

function withoutUser(url: URL): string {
  const bare = new URL(url.href);
  bare.username = "";
  bare.password = "";
  return bare.href;
}
