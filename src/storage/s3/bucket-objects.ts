// The objects of a bucket: what is known of one, its bytes, putting it, taking it away.
import { addressOf, copySourceOf } from "./address.ts";
import type { S3Answer, S3Client } from "./client.ts";
import type { AnswerHead, S3Request } from "./connection.ts";
import { failureOf, S3Failure } from "./failure.ts";
import { signAddress } from "./signature.ts";

/** What a store tells of an object. */
export interface ObjectStat {
  readonly sizeBytes: number;
  /** Milliseconds since 1970, by the store's clock. */
  readonly changedMs: number;
  /** Without quotes. The same bytes, put again, may have the same one. */
  readonly etag: string;
}

/** An object that was put. */
export interface PutOutcome {
  readonly etag: string;
  /** When the store answered, by its own clock. */
  readonly dateMs: number | undefined;
}

/** When a request that takes something away, or sets it, was justified, and for how long it stays so. */
export type Expiry = NonNullable<S3Request["expiring"]>;

/** What an address is good for. */
export interface UrlOptions {
  readonly seconds: number;
  /** Such as `response-content-type`. */
  readonly query?: Readonly<Record<string, string>>;
  /** Where readers find the store, if that is not where we do. */
  readonly endpoint?: URL;
}

/** Headers of new objects: how they are encrypted, stored, and who may read them. */
export type NewObjectHeaders = Readonly<Record<string, string>>;

/** How a bucket's objects are written. */
export interface BucketObjectsOptions {
  readonly newHeaders?: NewObjectHeaders;
  /** Whether the store takes ETags in conditions only as it writes them, with their quotes. */
  readonly isQuoted?: boolean;
}

/** One bucket's objects. */
export class BucketObjects {
  readonly client: S3Client;
  readonly newHeaders: NewObjectHeaders;
  readonly isQuoted: boolean;

  constructor(client: S3Client, { newHeaders = {}, isQuoted = false }: BucketObjectsOptions = {}) {
    this.client = client;
    this.newHeaders = newHeaders;
    this.isQuoted = isQuoted;
  }

  /** What is known of the object; undefined if there is none. */
  async stat(key: string): Promise<ObjectStat | undefined> {
    const answer = await this.client.ask({ method: "HEAD", key }, { expected: [404] });
    return answer.status === 404 ? undefined : statOf(answer, Number(answer.headers.get("content-length")));
  }

  /** The whole of a small object; undefined if there is none, or if it is larger than `maxBytes`. */
  async read(
    key: string,
    maxBytes: number,
  ): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly stat: ObjectStat } | undefined> {
    // One byte more tells a larger one; a range of an empty object cannot be had.
    const headers = { range: `bytes=0-${maxBytes}` };
    const answer = await this.client.ask({ method: "GET", key, headers }, { expected: [404, 416] });
    if (answer.status === 404) return await requireAbsent(answer, key);
    if (answer.status === 416) return await this.#readEmpty(key);
    if (answer.bytes.length > maxBytes) return undefined;
    return { bytes: answer.bytes, stat: statOf(answer, answer.bytes.length) };
  }

  async #readEmpty(key: string): ReturnType<BucketObjects["read"]> {
    const answer = await this.client.ask({ method: "GET", key }, { expected: [404] });
    if (answer.status === 404) return await requireAbsent(answer, key);
    return { bytes: answer.bytes, stat: statOf(answer, answer.bytes.length) };
  }

  /**
   * Replaces or makes the object, all or nothing. Of a put that failed nobody knows whether it takes effect, and when;
   * with `expiring` it does not once that is over.
   */
  async put(key: string, bytes: Uint8Array, { expiring }: { readonly expiring?: Expiry } = {}): Promise<PutOutcome> {
    const answer = await this.client.ask({ method: "PUT", key, headers: this.newHeaders, body: bytes, expiring });
    return { etag: etagIn(answer), dateMs: answer.dateMs };
  }

  /** Removes the object, if there is one. With `expiring` the request is sent once. */
  async delete(key: string, { expiring }: { readonly expiring?: Expiry } = {}): Promise<void> {
    const isOnce = expiring !== undefined;
    await this.client.ask({ method: "DELETE", key, expiring }, { expected: [404], isOnce });
  }

  /** Puts the bytes of one object, at most 5 GiB, under another key; undefined if there is none, or it is another one. */
  async copy(from: string, to: string, { etag }: { readonly etag?: string } = {}): Promise<true | undefined> {
    const source = { "x-amz-copy-source": copySourceOf(this.client.options.bucket, from) };
    const condition = etag === undefined ? {} : { "x-amz-copy-source-if-match": etag };
    const headers = { ...this.newHeaders, ...source, ...condition };
    try {
      await this.client.askXml({ method: "PUT", key: to, headers, patienceMs: copyPatienceMs });
      return true;
    } catch (error) {
      if (error instanceof S3Failure && [404, 412].includes(error.status)) return undefined;
      throw error;
    }
  }

  /** An address where anybody may read the object for a while, whether or not it is there. */
  async url(key: string, { seconds, query, endpoint }: UrlOptions): Promise<string> {
    const { bucket, region, credentials, clock } = this.client.options;
    const url = addressOf(endpoint === undefined ? bucket : { ...bucket, endpoint }, key, query);
    const signing = { credentials: await credentials.get(), region, service: "s3", asOfMs: clock.now(), seconds };
    return (await signAddress({ method: "GET", url, headers: {}, bodyHash: undefined }, signing)).url;
  }
}

/** A store copies five gigabytes in this time. */
export const copyPatienceMs = 10 * 60_000;

/** What the head of an answer tells of an object of this size. */
export function statOf({ headers }: AnswerHead, sizeBytes: number): ObjectStat {
  return {
    sizeBytes,
    changedMs: Date.parse(headers.get("last-modified") ?? ""),
    etag: bareEtag(headers.get("etag") ?? ""),
  };
}

/** Throws if it is the bucket that is missing, or whoever answers is no store: a gateway, say, that finds none behind it. */
async function requireAbsent({ status, headers, bytes }: S3Answer, key: string): Promise<undefined> {
  const text = new TextDecoder().decode(bytes);
  const failure = await failureOf(`GET ${key}`, { status, headers, text });
  if (failure.reason === "NoSuchBucket" || (failure.reason === "" && text !== "")) throw failure;
}

function etagIn({ headers }: AnswerHead): string {
  return bareEtag(headers.get("etag") ?? "");
}

/** Some stores take conditions only without the quotes, and all of them take those. */
export function bareEtag(etag: string): string {
  return etag.replaceAll('"', "");
}
