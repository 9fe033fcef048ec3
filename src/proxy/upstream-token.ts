// How requests to one upstream are authorized: with Basic, or with a token from its token server, which is kept until
// it expires. Every token is for pulling from one repository.
import { BoundedMap } from "../lib/bounded-map.ts";
import { isRecord } from "../oci/descriptor.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { AddressKind } from "./address-kind.ts";
import { type Binding, type Challenge, isBoundRealm } from "./challenge.ts";
import { Deadline } from "./deadline.ts";
import type { Report } from "./events.ts";
import { Shared } from "./share.ts";
import type { Question, UpstreamAnswer } from "./transport.ts";
import { readWholeAnswer } from "./upstream-answer.ts";

/** A user at an upstream. */
export interface UpstreamCredentials {
  readonly username: string;
  readonly password: string;
}

/** What authorization needs. */
export interface AuthorizationOptions extends Binding {
  /** Called each time, since they may come from a helper program. */
  readonly credentials: () => Promise<UpstreamCredentials | undefined>;
  readonly ask: (question: Question) => Promise<UpstreamAnswer>;
  readonly now: () => number;
  readonly timeoutMs: number;
  readonly report: Report;
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
/** The token spec's default where the server gives no lifetime. */
const defaultLifetimeSeconds = 60;
const longestLifetimeSeconds = 24 * 3600;
/** Clocks differ, and a request takes time. */
const marginMs = 10_000;

/** Authorizes requests to one upstream. */
export class UpstreamAuthorization {
  readonly #options: AuthorizationOptions;
  readonly #tokens = new BoundedMap<RepositoryName, BearerToken>(maxTokens);
  readonly #fetching = new Shared<string>();
  #demand: Demand | undefined;
  #hasUser = false;

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** The Authorization header for a repository; undefined while the upstream is not known to want one. */
  async header(name: RepositoryName): Promise<string | undefined> {
    switch (this.#demand?.scheme) {
      case undefined:
        return undefined;
      case "basic":
        return this.#basic();
      case "bearer":
        return this.#token(name, this.#demand).catch((error) => {
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

  /** A header for no particular repository, to try the credentials with; undefined where there are none. */
  async introduce(demand: Demand): Promise<string | undefined> {
    const basic = await this.#basic();
    return basic === undefined || demand.scheme === "basic" ? basic : (await this.#fetch(undefined, demand)).header;
  }

  /** The header that meets a demand; undefined where there is none that could. */
  async meet(demand: Demand, name: RepositoryName): Promise<string | undefined> {
    this.#demand = demand;
    this.#tokens.delete(name);
    return this.header(name);
  }

  async #basic(): Promise<string | undefined> {
    try {
      const credentials = await this.#options.credentials();
      this.#hasUser = credentials !== undefined;
      return credentials === undefined ? undefined : formatBasic(credentials);
    } catch (cause) {
      const message = `there are no credentials for ${this.#options.home.host}: ${String(cause)}`;
      throw new RegistryError("UPSTREAM_DENIED", { message, cause });
    }
  }

  async #token(name: RepositoryName, demand: BearerDemand): Promise<string> {
    const kept = this.#tokens.get(name);
    if (kept !== undefined && kept.untilMs > this.#options.now()) return kept.header;
    return this.#fetching.run(name, this.#options.timeoutMs, async () => {
      const token = await this.#fetch(name, demand);
      this.#tokens.set(name, token);
      return token.header;
    });
  }

  async #fetch(name: RepositoryName | undefined, { realm, service, sender }: BearerDemand): Promise<BearerToken> {
    const { home, ask, now, timeoutMs } = this.#options;
    if (home.protocol === "https:" && realm.protocol !== "https:") {
      throw new RegistryError("UPSTREAM_INVALID", {
        message: `${home.host} has its tokens at ${realm.origin}, not https`,
      });
    }
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set("service", service);
    if (name !== undefined) url.searchParams.set("scope", `repository:${name}:pull`);
    const startedMs = now();
    const authorization = await this.#basicFor(realm);
    using deadline = new Deadline(timeoutMs, realm.host);
    const { signal } = deadline;
    const headers = { Accept: "application/json" };
    const answer = await ask({ method: "GET", url, sender, headers, authorization, timeoutMs, signal });
    const token = await readToken(answer, { realm, timeoutMs });
    const lifetimeMs = token.lifetimeSeconds * 1000;
    return { header: token.header, untilMs: startedMs + Math.max(lifetimeMs - marginMs, lifetimeMs / 2) };
  }

  /** The credentials for a token server; one that is not bound to the upstream is asked without them. */
  async #basicFor(realm: URL): Promise<string | undefined> {
    const header = await this.#basic();
    if (header === undefined || (await isBoundRealm(realm, this.#options))) return header;
    this.#options.report({ kind: "unbound", upstream: this.#options.home.host, realm: realm.host });
    return undefined;
  }
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
