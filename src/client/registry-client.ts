// The client of one registry: requests of the distribution spec, with the authorization that the registry asks for. What
// it does not have is undefined; one that fails throws a RegistryError whose code begins with UPSTREAM_.
import { trimTrailingSlashes } from "../lib/trailing-slashes.ts";
import { untilAborted } from "../lib/until-aborted.ts";
import { RegistryError } from "../oci/errors.ts";
import { parseChallenge } from "./challenge.ts";
import { Deadline } from "./deadline.ts";
import {
  type RequestBody,
  type RequestMethod,
  Transport,
  type TransportOptions,
  type UpstreamAnswer,
} from "./transport.ts";
import { isFound, parseNextLink, parseRemaining } from "./upstream-answer.ts";
import { type CredentialsFor, type Scopes, UpstreamAuthorization } from "./upstream-token.ts";

/** What a client needs. */
export interface ClientOptions extends Omit<TransportOptions, "home"> {
  /** The registry's name: the host, with the port if there is one. */
  readonly host: string;
  /** Its address; the paths of the API follow it. */
  readonly url: URL;
  readonly credentials: CredentialsFor;
  /** Token servers elsewhere that may see the credentials. */
  readonly realms: readonly string[] | "any";
  /** How long the head of an answer may take. */
  readonly answerMs: number;
}

/** A request. */
export interface RegistryRequest {
  readonly method: RequestMethod;
  /** Below /v2/, with its query; or, to continue an upload, the address that the registry gave. */
  readonly path: string | URL;
  readonly scopes: Scopes;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent twice if the registry asks for authorization, unless it is a stream: that needs a token beforehand. */
  readonly body?: RequestBody | undefined;
  /** How long the head of the answer may take, with the sending of the body before it; the client's where absent. */
  readonly timeoutMs?: number | undefined;
  /** Ends the request, and the reading of its answer. */
  readonly signal: AbortSignal;
}

/** A client of one registry. */
export class RegistryClient {
  readonly host: string;
  readonly url: URL;
  readonly #options: ClientOptions;
  readonly #transport: Transport;
  readonly #authorization: UpstreamAuthorization;

  constructor(options: ClientOptions) {
    const { host, url, credentials, realms, now, report, answerMs } = options;
    this.host = host;
    this.url = url;
    this.#options = options;
    this.#transport = new Transport({ ...options, home: url });
    this.#authorization = new UpstreamAuthorization({
      home: url,
      realms,
      credentials,
      now,
      report,
      timeoutMs: answerMs,
      ask: (question) => this.#transport.ask(question),
    });
  }

  /** Whether there are credentials, as far as the registry has asked for some. */
  get hasUser(): boolean {
    return this.#authorization.hasUser;
  }

  /** Asks for the base of the API, with credentials if they are asked for; throws what is wrong. */
  async check(): Promise<void> {
    const { answerMs } = this.#options;
    using deadline = new Deadline(answerMs, this.host);
    const url = new URL(this.#base);
    const question = { method: "GET", url, headers: {}, timeoutMs: answerMs, signal: deadline.signal } as const;
    let answer = await this.#transport.ask({ ...question, authorization: undefined });
    const challenge = answer.status === 401 ? parseChallenge(answer.headers.get("www-authenticate")) : undefined;
    if (challenge !== undefined) {
      answer.cancel();
      const header = await this.#authorization.introduce({ ...challenge, sender: answer.sender });
      // Public repositories need no user, and a token for no repository may open nothing.
      if (header === undefined || challenge.scheme === "bearer") return;
      answer = await this.#transport.ask({ ...question, authorization: header });
    }
    answer.cancel();
    if (this.judge(answer) === undefined) {
      throw new RegistryError("UPSTREAM_INVALID", { message: `${url.href} is not there; is ${this.host} a registry?` });
    }
  }

  /** Sends a request with authorization; undefined if the registry does not have it. */
  async find(request: RegistryRequest): Promise<UpstreamAnswer | undefined> {
    const answer = await this.send(request);
    if (answer.status !== 200 && answer.status !== 206) answer.cancel();
    return this.judge(answer);
  }

  /** Sends a request with authorization and returns the answer, whatever it says. */
  async send(request: RegistryRequest): Promise<UpstreamAnswer> {
    const { method, path, scopes, headers = {}, body, timeoutMs = this.#options.answerMs, signal } = request;
    const url = path instanceof URL ? path : new URL(`${this.#base}${path}`);
    const question = { method, url, headers, body, timeoutMs, signal };
    const own = url.origin === this.url.origin;
    const authorization = own ? await untilAborted(this.#authorization.header(scopes), signal) : undefined;
    let answer = await this.#transport.ask({ ...question, authorization });
    const met = await this.#meetChallenge(answer, scopes, question);
    if (met !== undefined && !(body instanceof ReadableStream)) {
      answer.cancel();
      answer = await this.#transport.ask({ ...question, authorization: met });
    }
    const remaining = parseRemaining(answer.headers.get("ratelimit-remaining"));
    if (remaining !== undefined) this.#options.report({ kind: "quota", upstream: this.host, remaining });
    return answer;
  }

  /**
   * The path of the next page that an answer names, below /v2/; only within `prefix`, since a link must not lead elsewhere.
   * A registry behind a proxy may write http or another port than its own: it is asked as before.
   */
  nextPath(answer: UpstreamAnswer, prefix: string): string | undefined {
    const link = parseNextLink(answer.headers.get("link"));
    const url = link === undefined ? null : URL.parse(link, answer.url.href);
    if (url?.hostname !== this.url.hostname) return undefined;
    const next = `${this.url.origin}${url.pathname}${url.search}`;
    return next.startsWith(`${this.#base}${prefix}`) ? next.slice(this.#base.length) : undefined;
  }

  /** Whether an answer says that a page follows it, wherever that is. */
  hasNext(answer: UpstreamAnswer): boolean {
    return parseNextLink(answer.headers.get("link")) !== undefined;
  }

  /** The answer if it has what was asked for, undefined if that does not exist; throws a refusal otherwise. */
  judge(answer: UpstreamAnswer): UpstreamAnswer | undefined {
    const about = { host: this.host, hasUser: this.hasUser, nowMs: this.#options.now() };
    return isFound(answer, about) ? answer : undefined;
  }

  get #base(): string {
    return `${trimTrailingSlashes(this.url.href)}/v2/`;
  }

  /** The authorization that an answer asks for; undefined if it asks for none, or there is none. */
  async #meetChallenge(
    answer: UpstreamAnswer,
    scopes: Scopes,
    { url, signal }: { readonly url: URL; readonly signal: AbortSignal },
  ): Promise<string | undefined> {
    // A challenge from where we were redirected to is not this registry's.
    const isOwn = url.origin === this.url.origin && answer.url.origin === url.origin;
    if (answer.status !== 401 || !isOwn) return undefined;
    const challenge = parseChallenge(answer.headers.get("www-authenticate"));
    if (challenge === undefined) return undefined;
    return await untilAborted(this.#authorization.meet({ ...challenge, sender: answer.sender }, scopes), signal);
  }
}
