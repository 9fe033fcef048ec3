// How requests to one upstream are authorized: with Basic, or with a token from its token server, which is kept until
// it expires. A token is for the scopes that it was asked for, and for nothing else.
import { BoundedMap } from "../lib/bounded-map.ts";
import { isRecord } from "../oci/descriptor.ts";
import { RegistryError } from "../oci/errors.ts";
import type { AddressKind } from "./address-kind.ts";
import { type Binding, type Challenge, isBoundRealm } from "./challenge.ts";
import { Deadline } from "./deadline.ts";
import type { ClientReport } from "./events.ts";
import { Shared } from "./share.ts";
import type { Question, UpstreamAnswer } from "./transport.ts";
import { readWholeAnswer } from "./upstream-answer.ts";

/** A user at an upstream. */
export interface UpstreamCredentials {
  readonly username: string;
  readonly password: string;
  /** What a login left instead of a password: the token server alone takes it (docker's "identity token"). */
  readonly identityToken?: string;
}

/**
 * The credentials for what a repository holds, or for the whole registry. Called each time, since they may come from a
 * helper program.
 */
export type CredentialsFor = (repository: string | undefined) => Promise<UpstreamCredentials | undefined>;

/** What a token is for, as the token spec writes it: `repository:team/app:pull`. */
export type Scopes = readonly string[];

/** The scope for pulling from a repository. */
export function pullScope(name: string): Scopes {
  return [`repository:${name}:pull`];
}

/** What authorization needs. */
export interface AuthorizationOptions extends Binding {
  readonly credentials: CredentialsFor;
  readonly ask: (question: Question) => Promise<UpstreamAnswer>;
  readonly now: () => number;
  readonly timeoutMs: number;
  readonly report: ClientReport;
}

/** What an upstream asks for, and the kind of address that asked. */
export type Demand = Challenge & { readonly sender: AddressKind };

type BearerDemand = Demand & { readonly scheme: "bearer" };

interface BearerToken {
  readonly header: string;
  readonly untilMs: number;
}

const maxTokens = 1000;
const maxAnswerBytes = 256 * 1024;
/** Many are kept, and no server accepts longer headers. */
const maxTokenLength = 32 * 1024;
/** The token spec's default if the server gives no lifetime. */
const defaultLifetimeSeconds = 60;
const longestLifetimeSeconds = 24 * 3600;
/** Clocks differ, and a request takes time. */
const marginMs = 10_000;

/** Authorizes requests to one upstream. */
export class UpstreamAuthorization {
  readonly #options: AuthorizationOptions;
  readonly #tokens = new BoundedMap<string, BearerToken>(maxTokens);
  readonly #fetching = new Shared<string>();
  #demand: Demand | undefined;
  #hasUser = false;

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** The Authorization header for these scopes; undefined while the upstream is not known to want one. */
  async header(scopes: Scopes): Promise<string | undefined> {
    switch (this.#demand?.scheme) {
      case undefined:
        return undefined;
      case "basic":
        return this.#basic(scopes);
      case "bearer":
        return this.#token(scopes, this.#demand).catch((error) => {
          // The upstream may use another token server by now: let the next request find out.
          this.#demand = undefined;
          throw error;
        });
    }
  }

  /** Whether a user is configured, as far as the upstream has asked for one. */
  get hasUser(): boolean {
    return this.#hasUser;
  }

  /** A header for no particular repository, to try the credentials with; undefined if there are none. */
  async introduce(demand: Demand): Promise<string | undefined> {
    if (demand.scheme === "basic") return this.#basic([]);
    return (await this.#credentials([])) === undefined ? undefined : (await this.#fetch([], demand)).header;
  }

  /** The header that meets a demand; undefined if there is none that could. */
  async meet(demand: Demand, scopes: Scopes): Promise<string | undefined> {
    this.#demand = demand;
    this.#tokens.delete(keyOf(scopes));
    return this.header(scopes);
  }

  async #basic(scopes: Scopes): Promise<string | undefined> {
    const credentials = await this.#credentials(scopes);
    return credentials === undefined || credentials.identityToken !== undefined ? undefined : formatBasic(credentials);
  }

  async #credentials([scope = ""]: Scopes): Promise<UpstreamCredentials | undefined> {
    const [kind, repository] = scope.split(":");
    try {
      const credentials = await this.#options.credentials(kind === "repository" ? repository : undefined);
      this.#hasUser = credentials !== undefined;
      return credentials;
    } catch (cause) {
      const message = `there are no credentials for ${this.#options.home.host}: ${String(cause)}`;
      throw new RegistryError("UPSTREAM_DENIED", { message, cause });
    }
  }

  async #token(scopes: Scopes, demand: BearerDemand): Promise<string> {
    const key = keyOf(scopes);
    const kept = this.#tokens.get(key);
    if (kept !== undefined && kept.untilMs > this.#options.now()) return kept.header;
    return this.#fetching.run(key, this.#options.timeoutMs, async () => {
      const token = await this.#fetch(scopes, demand);
      this.#tokens.set(key, token);
      return token.header;
    });
  }

  async #fetch(scopes: Scopes, demand: BearerDemand): Promise<BearerToken> {
    const { home, ask, now, timeoutMs } = this.#options;
    const { realm, sender } = demand;
    if (home.protocol === "https:" && realm.protocol !== "https:") {
      throw new RegistryError("UPSTREAM_INVALID", {
        message: `${home.host} has its tokens at ${realm.origin}, not https`,
      });
    }
    const startedMs = now();
    const credentials = await this.#credentialsFor(realm, scopes);
    using deadline = new Deadline(timeoutMs, realm.host);
    const { signal } = deadline;
    const answer = await ask({ ...questionOf(demand, scopes, credentials), sender, timeoutMs, signal });
    const token = await readToken(answer, { realm, timeoutMs });
    const lifetimeMs = token.lifetimeSeconds * 1000;
    return { header: token.header, untilMs: startedMs + Math.max(lifetimeMs - marginMs, lifetimeMs / 2) };
  }

  /** The credentials for a token server; one that is not bound to the upstream is asked without them. */
  async #credentialsFor(realm: URL, scopes: Scopes): Promise<UpstreamCredentials | undefined> {
    const credentials = await this.#credentials(scopes);
    if (credentials === undefined || (await isBoundRealm(realm, this.#options))) return credentials;
    this.#options.report({ kind: "unbound", upstream: this.#options.home.host, realm: realm.host });
    return undefined;
  }
}

function keyOf(scopes: Scopes): string {
  return scopes.join(" ");
}

/** With a password a GET, as every token server knows it; an identity token goes into a form (OAuth 2.0's refresh token). */
function questionOf(
  { realm, service }: BearerDemand,
  scopes: Scopes,
  credentials: UpstreamCredentials | undefined,
): Pick<Question, "method" | "url" | "headers" | "authorization" | "body"> {
  const headers = { Accept: "application/json" };
  if (credentials?.identityToken === undefined) {
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set("service", service);
    for (const scope of scopes) url.searchParams.append("scope", scope);
    return {
      method: "GET",
      url,
      headers,
      authorization: credentials === undefined ? undefined : formatBasic(credentials),
    };
  }
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    client_id: "registry",
    refresh_token: credentials.identityToken,
    ...(service === undefined ? {} : { service }),
    ...(scopes.length === 0 ? {} : { scope: keyOf(scopes) }),
  });
  const type = { "Content-Type": "application/x-www-form-urlencoded" };
  return {
    method: "POST",
    url: realm,
    headers: { ...headers, ...type },
    authorization: undefined,
    body: form.toString(),
  };
}

async function readToken(
  answer: UpstreamAnswer,
  { realm, timeoutMs }: { readonly realm: URL; readonly timeoutMs: number },
): Promise<{ readonly header: string; readonly lifetimeSeconds: number }> {
  const host = `the token server ${realm.host}`;
  const bytes = await readWholeAnswer(answer, { maxBytes: maxAnswerBytes, stallMs: timeoutMs, host });
  if (answer.status === 401 || answer.status === 403) {
    throw new RegistryError("UPSTREAM_DENIED", { message: `${host} refuses the credentials` });
  }
  if (answer.status === 429 || answer.status >= 500) {
    throw new RegistryError("UPSTREAM_UNAVAILABLE", {
      message: `${host} answers ${answer.status}`,
    });
  }
  const value = answer.status === 200 ? parseJson(bytes.toString()) : undefined;
  const fields = isRecord(value) ? value : {};
  const token = [fields.token, fields.access_token].find((text) => typeof text === "string" && text !== "");
  // Anything else might carry a line break into the header.
  if (typeof token !== "string" || token.length > maxTokenLength || !/^[\x21-\x7e]+$/.test(token)) {
    throw new RegistryError("UPSTREAM_INVALID", { message: `${host} gave no token` });
  }
  const given = typeof fields.expires_in === "number" ? fields.expires_in : defaultLifetimeSeconds;
  return { header: `Bearer ${token}`, lifetimeSeconds: Math.min(Math.max(given, 0), longestLifetimeSeconds) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function formatBasic({ username, password }: UpstreamCredentials): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
