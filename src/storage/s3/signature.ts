// Signatures of requests (AWS's version 4): in a header, or in the address, where they say how long they are good for.
import { AwsV4Signer } from "aws4fetch";
import type { S3Credentials } from "./credentials.ts";

/** What is signed. */
export interface Signable {
  readonly method: string;
  readonly url: URL;
  /** Those that have to arrive as they are. */
  readonly headers: Readonly<Record<string, string>>;
  /** SHA-256 of the body in hexadecimal; undefined if the body is not vouched for. */
  readonly bodyHash: string | undefined;
}

/** With what, and as of when. */
export interface SigningOptions {
  readonly credentials: S3Credentials;
  readonly region: string;
  readonly service: string;
  /** Milliseconds since 1970, by the clock of whoever checks it. */
  readonly asOfMs: number;
}

/** A signed request. */
export interface Signed {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** How signatures write a time: `20261129T061803Z`. */
export function formatSigningTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/[:-]|\.\d{3}/g, "");
}

/** Signs by a header. */
export async function signHeaders(request: Signable, options: SigningOptions): Promise<Signed> {
  const headers = { ...request.headers, "x-amz-content-sha256": request.bodyHash ?? "UNSIGNED-PAYLOAD" };
  return await sign({ ...request, headers }, options, false);
}

/** Signs in the address: whoever has it may send the request until `seconds` after `asOfMs`, and nobody afterwards. */
export async function signAddress(
  request: Signable,
  options: SigningOptions & { readonly seconds: number },
): Promise<Signed> {
  const url = new URL(request.url);
  url.searchParams.set("X-Amz-Expires", String(options.seconds));
  return await sign({ ...request, url }, options, true);
}

async function sign(
  { method, url, headers }: Signable,
  options: SigningOptions,
  isInAddress: boolean,
): Promise<Signed> {
  const { credentials, region, service, asOfMs } = options;
  const signed = await new AwsV4Signer({
    method,
    url: url.href,
    headers: { ...headers },
    accessKeyId: credentials.accessKeyId,
    secretAccessKey: credentials.secretAccessKey,
    ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
    service,
    region,
    datetime: formatSigningTime(asOfMs),
    signQuery: isInAddress,
    cache: credentials.signingKeys,
  }).sign();
  return { url: signed.url.href, headers: Object.fromEntries(signed.headers) };
}
