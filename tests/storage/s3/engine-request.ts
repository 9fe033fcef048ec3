// Requests to the store of the tests, and its answers.

/** What a request asks for. */
export interface EngineRequest {
  readonly method: string;
  /** Empty for the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: Uint8Array<ArrayBuffer>;
  /** As of when it is signed; not a number for an unsigned one. */
  readonly signedMs: number;
  readonly expiresSeconds: number | undefined;
  readonly bodyHash: string | null;
  readonly isKeptAlive: boolean;
}

export const bucketName = "images";

export async function readRequest(address: string, init: BunFetchRequestInit): Promise<EngineRequest> {
  const url = new URL(address);
  const headers = new Headers(init.headers as Record<string, string>);
  const query = url.searchParams;
  const expires = query.get("X-Amz-Expires");
  const signed = query.get("X-Amz-Date") ?? headers.get("x-amz-date") ?? "";
  const key = decodeURIComponent(url.pathname.replace(new RegExp(`^/${bucketName}/?`), ""));
  return {
    method: init.method ?? "GET",
    key,
    query,
    headers,
    body: new Uint8Array(await new Response(init.body as never).arrayBuffer()),
    signedMs: parseSigningTime(signed),
    expiresSeconds: expires === null ? undefined : Number(expires),
    bodyHash: headers.get("x-amz-content-sha256"),
    isKeptAlive: init.keepalive !== false,
  };
}

function parseSigningTime(text: string): number {
  return Date.parse(text.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

export function answerError(status: number, code: string, headers: Record<string, string> = {}): Response {
  return new Response(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`, {
    status,
    headers,
  });
}

export function answerXml(xml: string): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`, {
    headers: { "content-type": "application/xml" },
  });
}
