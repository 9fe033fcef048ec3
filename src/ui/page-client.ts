// Asks the registry, with a token for exactly what is asked if it wants one. Tokens, and what they are renewed with,
// are in memory alone: they end with the page.
import type { SessionAnswer } from "./answers.ts";
import { parseBearerChallenge } from "./challenge.ts";
import { fieldsOf, listOf, parseFields, textOf } from "./json-fields.ts";

/** Why a question was not answered. */
export class ClientError extends Error {
  /** 0 if there was no answer at all. */
  readonly status: number;
  readonly code: string;

  constructor(message: string, { status, code }: { readonly status: number; readonly code: string }) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** What is asked. */
export interface ClientQuestion {
  /** Path and query, from the root of the server. */
  readonly path: string;
  readonly method?: "GET" | "HEAD" | "POST";
  /** What a token has to allow; undefined: no token is needed. */
  readonly scope?: string;
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** What the page depends on. */
export interface ClientDependencies {
  readonly fetch: (path: string, init: RequestInit) => Promise<Response>;
  readonly now: () => number;
  /** The prefix of every path: "/" or "/some/where/". */
  readonly prefix: string;
  /** Where tokens come from; empty if there are none. */
  readonly tokenServer: string;
  /** Called when a login is no longer good for anything. */
  readonly onExpired: () => void;
}

/** With what tokens are bought: nothing is kept of a password if the token server gives something better. */
type Proof = { readonly refreshToken: string } | { readonly authorization: string };

interface ScopedToken {
  readonly token: string;
  readonly untilMs: number;
}

const maxTokens = 200;
/** A token is not used in its last moments, since the request takes time as well. */
const marginMs = 10_000;
const usualLifetimeSeconds = 60;

/** The registry, as one caller sees it. */
export class PageClient {
  readonly #dependencies: ClientDependencies;
  readonly #tokens = new Map<string, ScopedToken>();
  #proof: Proof | undefined;
  #login: SessionAnswer["login"] = null;

  constructor(dependencies: ClientDependencies) {
    this.#dependencies = dependencies;
  }

  /** The path of something of the read API. */
  apiPath(rest: string): string {
    return `${this.#dependencies.prefix}-/api/v1/${rest}`;
  }

  /** The path of something of the OCI API. */
  contentPath(name: string, rest: string): string {
    return `${this.#dependencies.prefix}v2/${name}/${rest}`;
  }

  /** The certificate authority: a proxy in front may pass on nothing but the prefix. */
  get authorityPath(): string {
    return `${this.#dependencies.prefix}ca.crt`;
  }

  /** Who one is. */
  async findSession(): Promise<SessionAnswer> {
    const session = await this.askJson<SessionAnswer>({ path: this.apiPath("session") });
    this.#login = session.login;
    return session;
  }

  /** Logs in with a password or an API token; throws a ClientError if that proves nothing. */
  async login(username: string, password: string): Promise<SessionAnswer> {
    const authorization = `Basic ${encodeBase64(`${username}:${password}`)}`;
    const proof = this.#login?.scheme === "bearer" ? await this.#exchange(authorization) : { authorization };
    const before = this.#proof;
    this.#forget();
    this.#proof = proof;
    try {
      return await this.findSession();
    } catch (error) {
      this.#forget();
      this.#proof = before;
      throw error;
    }
  }

  /** Forgets everything that proves who one is. */
  logout(): void {
    this.#forget();
  }

  /** The answer's JSON. */
  async askJson<T>(question: ClientQuestion): Promise<T> {
    const response = await this.ask(question);
    return (await response.json()) as T;
  }

  /** The answer; throws a ClientError for a refusal. */
  async ask(question: ClientQuestion): Promise<Response> {
    const proof = this.#proof;
    const first = await this.#send(question, await this.#authorize(question.scope));
    if (first.status === 401 && proof !== undefined && this.#login?.scheme === "basic") this.#expire(proof);
    const challenge = first.status === 401 ? parseBearerChallenge(first.headers.get("www-authenticate")) : undefined;
    if (challenge === undefined) return await this.#accept(first);
    // A token may have been revoked, or its signing key changed: it is bought once more.
    this.#tokens.delete(question.scope ?? "");
    const scope = challenge.scope ?? question.scope ?? "";
    const token = await this.#buy(scope);
    return await this.#accept(await this.#send(question, token === undefined ? undefined : `Bearer ${token}`));
  }

  async #send(question: ClientQuestion, authorization: string | undefined): Promise<Response> {
    const { path, method = "GET", accept = "application/json", body, signal } = question;
    const headers: Record<string, string> = { Accept: accept };
    if (authorization !== undefined) headers.Authorization = authorization;
    if (body !== undefined) headers["Content-Type"] = "application/json";
    return await this.#fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    try {
      // Without credentials of the browser, which would ask for a password in a window of its own.
      return await this.#dependencies.fetch(path, { ...init, credentials: "omit", redirect: "error" });
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      throw new ClientError("", { status: 0, code: "UNREACHABLE" });
    }
  }

  async #accept(response: Response): Promise<Response> {
    if (response.ok) return response;
    throw await readRefusal(response);
  }

  /** What is known already is sent with the question, so that it is not asked twice. */
  async #authorize(scope: string | undefined): Promise<string | undefined> {
    const proof = this.#proof;
    if (proof !== undefined && "authorization" in proof && this.#login?.scheme !== "bearer") return proof.authorization;
    if (this.#login?.scheme !== "bearer" || (scope === undefined && proof === undefined)) return undefined;
    const known = this.#tokens.get(scope ?? "");
    if (known !== undefined && known.untilMs > this.#dependencies.now()) return `Bearer ${known.token}`;
    const token = await this.#buy(scope ?? "");
    return token === undefined ? undefined : `Bearer ${token}`;
  }

  /** A token for the scope; undefined if one gets none without logging in. */
  async #buy(scope: string): Promise<string | undefined> {
    const proof = this.#proof;
    const response = await this.#askTokenServer(proof, scope);
    if (response.status === 401 && proof === undefined) return undefined;
    if (response.status === 401 && proof !== undefined) this.#expire(proof);
    const { token, lifetimeSeconds } = await readToken(await this.#accept(response));
    const untilMs = this.#dependencies.now() + lifetimeSeconds * 1000 - marginMs;
    // After a logout nothing is left for the next user.
    if (this.#proof === proof) this.#keep(scope, { token, untilMs });
    return token;
  }

  async #askTokenServer(proof: Proof | undefined, scope: string): Promise<Response> {
    const { tokenServer } = this.#dependencies;
    const service = this.#login?.scheme === "bearer" ? this.#login.service : "";
    const fields = new URLSearchParams({ service, client_id: "registry-page" });
    if (scope !== "") fields.set("scope", scope);
    if (proof !== undefined && "refreshToken" in proof) {
      fields.set("grant_type", "refresh_token");
      fields.set("refresh_token", proof.refreshToken);
      return await this.#fetch(tokenServer, { method: "POST", body: fields });
    }
    const headers: Record<string, string> = proof === undefined ? {} : { Authorization: proof.authorization };
    if (proof !== undefined) fields.set("offline_token", "true");
    return await this.#fetch(withQuery(tokenServer, fields), { headers });
  }

  /** Something to buy tokens with that is not the password, if the token server gives it. */
  async #exchange(authorization: string): Promise<Proof> {
    const response = await this.#accept(await this.#askTokenServer({ authorization }, ""));
    const refreshToken = textOf(parseFields(await response.text())?.refresh_token);
    return refreshToken === undefined ? { authorization } : { refreshToken };
  }

  #keep(scope: string, token: ScopedToken): void {
    const oldest = this.#tokens.keys().next().value;
    if (this.#tokens.size >= maxTokens && oldest !== undefined) this.#tokens.delete(oldest);
    this.#tokens.set(scope, token);
  }

  /** Another login may have come since. */
  #expire(proof: Proof): void {
    if (this.#proof !== proof) return;
    this.#forget();
    this.#dependencies.onExpired();
  }

  #forget(): void {
    this.#tokens.clear();
    this.#proof = undefined;
  }
}

/** What the registry says against it, in its own words. */
async function readRefusal(response: Response): Promise<ClientError> {
  const { status } = response;
  const first = fieldsOf(listOf(parseFields(await response.text())?.errors)[0]);
  return new ClientError(textOf(first?.message) ?? "", { status, code: textOf(first?.code) ?? "UNKNOWN" });
}

async function readToken(response: Response): Promise<{ readonly token: string; readonly lifetimeSeconds: number }> {
  const fields = parseFields(await response.text()) ?? {};
  const token = textOf(fields.token) ?? textOf(fields.access_token) ?? "";
  const lifetimeSeconds = typeof fields.expires_in === "number" ? fields.expires_in : usualLifetimeSeconds;
  return { token, lifetimeSeconds };
}

function withQuery(url: string, fields: URLSearchParams): string {
  return `${url}${url.includes("?") ? "&" : "?"}${fields}`;
}

/** Of the text in UTF-8, which is what the registry reads. */
function encodeBase64(text: string): string {
  return btoa(Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join(""));
}
