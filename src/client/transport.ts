// HTTP requests to an upstream: a bounded number of redirects, credentials only for the host they are meant for, a time
// limit on the head of the answer, and failures as refusals in plain words.

import { nodeTls } from "../lib/late-modules.ts";
import { RegistryError } from "../oci/errors.ts";
import type { AddressKind } from "./address-kind.ts";
import { explainFailure } from "./connection-failure.ts";
import { type Destination, Destinations, type DestinationsOptions } from "./destinations.ts";
import type { ClientReport } from "./events.ts";

/** How to reach one upstream. */
export interface TransportOptions extends DestinationsOptions {
  /** Certificates in PEM that are trusted for it, and, in addition to the system's, for hosts that it leads to. */
  readonly ca: string | undefined;
  /** The certificate that this machine shows it, and only it. */
  readonly identity?: ClientIdentity | undefined;
  /** Whether its own certificate is taken as it is: only for a registry on this machine. */
  readonly isUnverified?: boolean;
  readonly now: () => number;
  readonly report: ClientReport;
  /** Begins a step of the trace that the running code belongs to; undefined if there is none. */
  readonly trace?: (() => TracedStep | undefined) | undefined;
}

/** A client certificate and its key, in PEM. */
export interface ClientIdentity {
  readonly cert: string;
  readonly key: string;
}

/** A request as a span of a trace. */
export interface TracedStep {
  /** What tells the one that is asked of the trace. */
  readonly headers: Readonly<Record<string, string>>;
  end(ending: {
    readonly name: string;
    readonly attributes: Readonly<Record<string, string | number | undefined>>;
    readonly failure: string | undefined;
  }): void;
}

/** What can be asked. Redirects are followed only of what asks and changes nothing. */
export type RequestMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** What is sent along. */
export type RequestBody = string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;

/** What to ask. */
export interface Question {
  readonly method: RequestMethod;
  readonly url: URL;
  readonly body?: RequestBody | undefined;
  /** The kind of address that sent us there; undefined if the configuration did. */
  readonly sender?: AddressKind | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** Only for the host of `url`. */
  readonly authorization: string | undefined;
  /** How long the head of an answer may take. */
  readonly timeoutMs: number;
  /** Ends the request and the reading of its answer, which then throw its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body is still to be read. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Where it came from, after redirects. */
  readonly url: URL;
  /** The kind of the address that it came from. */
  readonly sender: AddressKind;
  /** The body's chunks; throws UPSTREAM_TIMEOUT if none comes for this long. */
  chunks(stallMs: number): AsyncGenerator<Uint8Array>;
  /** Abandons the body; a short one is read to its end, so that the connection can be used again. */
  cancel(): void;
}

const maxRedirects = 5;
/** Four times what the longest signatures take. */
const maxLocationLength = 16 * 1024;
const shortBodyBytes = 64 * 1024;
/** A short body mostly comes with its head; a new connection costs less than waiting longer. */
const shortBodyMs = 250;
const redirectStatuses = [301, 302, 303, 307, 308];

/** The connection to one upstream, and to where it leads. */
export class Transport {
  readonly #options: TransportOptions;
  readonly #destinations: Destinations;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#destinations = new Destinations(options);
  }

  /** Sends a request and follows redirects of a question; returns the answer whatever its status. */
  async ask(question: Question): Promise<UpstreamAnswer> {
    const isFollowed = question.method === "GET" || question.method === "HEAD";
    let asked = question;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await this.#exchange(asked);
      const isRedirect = isFollowed && redirectStatuses.includes(answer.status);
      const location = isRedirect ? answer.headers.get("location") : null;
      if (location === null) return answer;
      answer.cancel();
      if (redirects === maxRedirects) {
        throw invalid(`${this.#options.home.host} redirects more than ${maxRedirects} times`);
      }
      const url = nextOf(asked.url, location);
      const authorization = url.origin === asked.url.origin ? asked.authorization : undefined;
      asked = { ...asked, url, authorization, sender: answer.sender };
    }
  }

  async #exchange(question: Question): Promise<UpstreamAnswer> {
    const { url, method, timeoutMs } = question;
    const { home, now, report } = this.#options;
    if (question.signal?.aborted === true) throw explainFailure(question.signal.reason, url);
    const startedMs = now();
    const abort = new AbortController();
    const signal = question.signal === undefined ? abort.signal : AbortSignal.any([question.signal, abort.signal]);
    // Only for the head: the body has limits of its own.
    const limit = setTimeout(() => abort.abort(new DOMException("no answer", "TimeoutError")), timeoutMs);
    const step = this.#options.trace?.();
    const note = (status: number, reason?: string) => {
      const [shown, durationMs] = [`${url.origin}${url.pathname}`, now() - startedMs];
      step?.end(endingOf(question, status, reason));
      report({ kind: "request", upstream: home.host, method, url: shown, status, durationMs, reason });
    };
    try {
      const destination = await this.#destinations.find(url, { sender: question.sender, signal });
      const response = await fetch(destination.target.href, this.#requestOf(question, destination, { signal, step }));
      this.#destinations.noteAnswer(url, destination);
      note(response.status);
      return answerOf(response, { url, method, abort, signal, sender: destination.kind });
    } catch (error) {
      this.#destinations.noteFailure(url);
      const refusal = explainFailure(error, url);
      note(0, refusal.message);
      throw refusal;
    } finally {
      clearTimeout(limit);
    }
  }

  #requestOf(
    question: Question,
    { target }: Destination,
    { signal, step }: { readonly signal: AbortSignal; readonly step: TracedStep | undefined },
  ): BunFetchRequestInit {
    const { url, method, authorization, body } = question;
    const headers: Record<string, string> = { "User-Agent": "registry", "Accept-Encoding": "identity" };
    Object.assign(headers, question.headers, authorization === undefined ? {} : { Authorization: authorization });
    // Where the upstream leads is a stranger's.
    if (url.host === this.#options.home.host) Object.assign(headers, step?.headers);
    const isByAddress = target.host !== url.host;
    if (isByAddress) headers.Host = url.host;
    const serverName = isByAddress ? { serverName: url.hostname } : {};
    return {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: "manual",
      // The digest is that of the bytes as they were sent.
      decompress: false,
      signal,
      tls: { rejectUnauthorized: true, ...trustFor(this.#options, url), ...serverName },
    };
  }
}

/** As OpenTelemetry's conventions for HTTP clients name it; without the query, which may hold a signature. */
function endingOf({ method, url }: Question, status: number, reason?: string): Parameters<TracedStep["end"]>[0] {
  return {
    name: method,
    attributes: {
      "http.request.method": method,
      "server.address": url.hostname,
      "server.port": Number(url.port || (url.protocol === "https:" ? 443 : 80)),
      "url.full": `${url.origin}${url.pathname}`,
      "http.response.status_code": status === 0 ? undefined : status,
    },
    failure: reason ?? (status >= 400 ? `answered ${status}` : undefined),
  };
}

/** Where a redirect leads. */
function nextOf(url: URL, location: string): URL {
  const next = location.length > maxLocationLength ? null : URL.parse(location, url.href);
  if (next === null || !/^https?:$/.test(next.protocol)) throw invalid(`${url.host} redirects to no web address`);
  if (url.protocol === "https:" && next.protocol === "http:") {
    throw invalid(`${url.host} redirects from https to http; that is not followed`);
  }
  next.username = "";
  next.password = "";
  return next;
}

interface Trust extends Partial<ClientIdentity> {
  readonly ca?: string | string[];
  readonly rejectUnauthorized?: boolean;
}

/** Token servers and stores of a private upstream often use its own authority, and otherwise public ones. */
function trustFor({ ca, home, identity, isUnverified }: TransportOptions, url: URL): Trust {
  if (url.host === home.host && isUnverified === true) return { rejectUnauthorized: false, ...identity };
  const own = url.host === home.host ? identity : undefined;
  if (ca === undefined) return { ...own };
  return { ca: url.hostname === home.hostname ? ca : [...nodeTls().getCACertificates("default"), ca], ...own };
}

interface OpenExchange extends Pick<UpstreamAnswer, "url" | "sender"> {
  readonly method: string;
  /** Ends the reading of the answer. */
  readonly abort: AbortController;
  /** Aborted when the reading is ended here, or by the caller. */
  readonly signal: AbortSignal;
}

function answerOf(response: Response, exchange: OpenExchange): UpstreamAnswer {
  const { url, method, abort, sender } = exchange;
  return {
    status: response.status,
    headers: response.headers,
    url,
    sender,
    chunks: (stallMs) => readChunks(response, exchange, stallMs),
    cancel: () => {
      if (method === "HEAD") return;
      const length = response.headers.get("content-length");
      if (length !== null && Number(length) <= shortBodyBytes) return void drain(response, exchange);
      abort.abort();
    },
  };
}

/** Drains an unwanted body, so that the connection can be reused; one that does not end soon is cut off. */
async function drain(response: Response, exchange: OpenExchange): Promise<void> {
  const limit = setTimeout(() => exchange.abort.abort(), shortBodyMs);
  try {
    for await (const _chunk of readChunks(response, exchange, shortBodyMs));
  } catch {
    // There is no caller to tell.
  } finally {
    clearTimeout(limit);
  }
}

async function* readChunks(
  response: Response,
  { url, abort, signal }: OpenExchange,
  stallMs: number,
): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  const stalled = new RegistryError("UPSTREAM_TIMEOUT", {
    message: `${url.host} sent nothing for ${stallMs / 1000} s`,
  });
  let isWaiting = false;
  const timer = setInterval(() => {
    // Time that our own disk takes does not count.
    if (isWaiting) abort.abort(stalled);
  }, stallMs);
  let isDone = false;
  try {
    for (;;) {
      timer.refresh();
      isWaiting = true;
      const { done, value } = await reader.read();
      isWaiting = false;
      isDone = done;
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw signal.reason instanceof RegistryError ? signal.reason : explainFailure(error, url);
  } finally {
    clearInterval(timer);
    if (!isDone) abort.abort();
  }
}

function invalid(message: string): RegistryError {
  return new RegistryError("UPSTREAM_INVALID", { message });
}
