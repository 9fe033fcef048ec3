// One exchange with an object store: signed, sent once, with a time limit on every step, and read as it comes or whole.
import { errorCode, messageOf } from "../../lib/system-error.ts";
import { addressOf, type BucketAddress } from "./address.ts";
import type { CurrentCredentials } from "./credentials.ts";
import type { EngineClock } from "./engine-clock.ts";
import { S3Failure } from "./failure.ts";
import { type Signed, signAddress, signHeaders } from "./signature.ts";

/** Sends a request, as `fetch` does. */
export type Send = (url: string, init: BunFetchRequestInit) => Promise<Response>;

/** A bucket, and how its store is spoken to. */
export interface ConnectionOptions {
  readonly bucket: BucketAddress;
  readonly region: string;
  readonly credentials: CurrentCredentials;
  readonly clock: EngineClock;
  readonly send: Send;
  readonly userAgent: string;
  /** Certificates in PEM that are trusted besides the system's; whether any certificate will do. */
  readonly tls: { readonly ca?: string | undefined; readonly isUnverified: boolean };
}

/** What is asked of the store. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** Empty for the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array | undefined;
  /**
   * Signed as of that time by the store's clock, and refused by the store once these seconds are over, however late it
   * arrives; sent over a connection of its own, so that nothing below sends it a second time.
   */
  readonly expiring?: { readonly asOfMs: number; readonly seconds: number } | undefined;
  /** How long the store may take to answer, for what it does at length. */
  readonly patienceMs?: number | undefined;
}

/** The head of an answer, whatever its status. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Headers;
  /** When the store answered, by its own clock. */
  readonly dateMs: number | undefined;
}

/** An answer whose body is still to be read, once. */
export interface OpenAnswer extends AnswerHead {
  /** The body; breaks off with an `S3Failure`. Whoever stops reading closes the connection. */
  chunks(): AsyncGenerator<Uint8Array>;
}

const defaultPatienceMs = 30_000;
/** How long a body may stand still. */
const stallMs = 30_000;
/** The slowest way to a store that is still one: a body may take as long as at this rate. */
const leastBytesPerSecond = 64 * 1024;

/** Sends the request once and returns the answer; throws an `S3Failure` if there is none. */
export async function exchange(request: S3Request, options: ConnectionOptions): Promise<OpenAnswer> {
  const { body, method, expiring } = request;
  const { url, headers } = await signRequest(request, options);
  const { ca, isUnverified } = options.tls;
  const watch = new Watch();
  watch.allow((request.patienceMs ?? defaultPatienceMs) + ((body?.length ?? 0) / leastBytesPerSecond) * 1000);
  try {
    const response = await options.send(url, {
      method,
      headers: { ...headers, "accept-encoding": "identity", "user-agent": options.userAgent },
      redirect: "manual",
      decompress: false,
      keepalive: expiring === undefined,
      signal: watch.signal,
      tls: { rejectUnauthorized: !isUnverified, ...(ca === undefined ? {} : { ca }) },
      ...(body === undefined ? {} : { body: body as Uint8Array<ArrayBuffer> }),
    });
    const dateMs = options.clock.learn(response.headers.get("date"));
    return {
      status: response.status,
      headers: response.headers,
      dateMs,
      chunks: () => readChunks(response, request, watch),
    };
  } catch (error) {
    throw unanswered(request, error);
  } finally {
    watch.rest();
  }
}

async function signRequest(request: S3Request, options: ConnectionOptions): Promise<Signed> {
  const { method, key, body, expiring } = request;
  const headers = request.headers ?? {};
  const url = addressOf(options.bucket, key, request.query);
  const signing = { credentials: await options.credentials.get(), region: options.region, service: "s3" };
  if (expiring !== undefined) {
    return await signAddress({ method, url, headers, bodyHash: undefined }, { ...signing, ...expiring });
  }
  const bodyHash = new Bun.CryptoHasher("sha256").update(body ?? "").digest("hex");
  return await signHeaders({ method, url, headers, bodyHash }, { ...signing, asOfMs: options.clock.now() });
}

/** What the request is about, in the words of an error. */
export function describe({ method, key, query = {} }: S3Request): string {
  const names = Object.keys(query).filter((name) => name !== "uploadId");
  return `${method} ${key === "" ? "of the bucket" : key}${names.length === 0 ? "" : ` (${names.join(", ")})`}`;
}

function unanswered(request: S3Request, error: unknown): S3Failure {
  if (error instanceof S3Failure) return error;
  const isLate = error instanceof Error && error.name === "TimeoutError";
  const reason = isLate ? "in time" : (errorCode(error) ?? messageOf(error));
  return new S3Failure(describe(request), { status: 0, reason, cause: error });
}

/** Ends an exchange that stands still. */
class Watch {
  readonly #abort = new AbortController();
  #timer: Timer | undefined;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  allow(timeMs: number): void {
    this.rest();
    this.#timer = setTimeout(() => this.#abort.abort(new DOMException("no answer in time", "TimeoutError")), timeMs);
  }

  rest(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.rest();
    this.#abort.abort();
  }
}

async function* readChunks(response: Response, request: S3Request, watch: Watch): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  let isDone = false;
  try {
    for (;;) {
      // Time that whoever reads takes between two pieces does not count.
      watch.allow(request.patienceMs ?? stallMs);
      const { done, value } = await reader.read();
      watch.rest();
      isDone = done;
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw unanswered(request, error);
  } finally {
    watch.rest();
    if (!isDone) watch.end();
  }
}
