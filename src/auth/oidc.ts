// Workload identity: the token that a CI system issues to a job serves as a password. The issuer's keys are found by
// OpenID Connect discovery, cached, and fetched again when a token names an unknown one.
import { type Claims, readJwt, signingAlgorithms, type VerificationKey, verifyJwt } from "./jwt.ts";
import { parseJwks } from "./trusted-keys.ts";

/** An issuer whose tokens are accepted. */
export interface OidcIssuer {
  /** Exactly as in its tokens. */
  readonly issuer: string;
  /** The audience its tokens must name. */
  readonly audience: string;
  /** The claims that hold the caller's name and groups. */
  readonly claims: { readonly name: string; readonly groups: string | undefined };
}

/** Whom an accepted token belongs to. */
export interface Workload {
  readonly issuer: string;
  readonly name: string;
  readonly groups: readonly string[];
  readonly claims: Claims;
  /** When the token expires, in milliseconds since 1970. */
  readonly untilMs: number;
}

/** What finding the keys takes. */
export interface OidcDependencies {
  /** Fetches the text at an address, bounded in size and time; throws if that fails. */
  readonly fetchText: (url: string) => Promise<string>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Whom the token belongs to, or why it was refused: for the log. */
export type WorkloadResult = { readonly workload: Workload } | { readonly problem: string };

/** Whether keys may be fetched from the address: they cannot be changed on the way. */
export function isTrustworthyUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.username !== "" || url.password !== "") return false;
  return url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url));
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

/** The configured issuers with their keys. */
export class OidcVerifier {
  readonly #issuers: readonly OidcIssuer[];
  readonly #keys: ReadonlyMap<string, IssuerKeys>;
  readonly #now: () => number;

  constructor(issuers: readonly OidcIssuer[], dependencies: OidcDependencies) {
    this.#issuers = issuers;
    this.#keys = new Map(issuers.map(({ issuer }) => [issuer, new IssuerKeys(issuer, dependencies)]));
    this.#now = dependencies.now;
  }

  /** Verifies a token of a configured issuer; a token of anybody else causes no request. */
  async verify(token: string): Promise<WorkloadResult> {
    const read = readJwt(token);
    if ("problem" in read) return read;
    const { iss } = read.claims;
    const keys = typeof iss === "string" ? this.#keys.get(iss) : undefined;
    if (keys === undefined) return { problem: "the token is from an issuer that is not configured" };
    let problem = "";
    for (const issuer of this.#issuers.filter((each) => each.issuer === iss)) {
      const verified = await verifyJwt(token, {
        issuer: issuer.issuer,
        audience: issuer.audience,
        algorithms: signingAlgorithms,
        findKey: (header) => keys.find(header),
        now: this.#now,
      });
      if ("claims" in verified) return describeWorkload(issuer, verified.claims);
      problem = verified.problem;
    }
    return { problem };
  }
}

/** Names appear in log lines and events. */
const maxNameLength = 255;

function describeWorkload({ issuer, claims: wanted }: OidcIssuer, claims: Claims): WorkloadResult {
  const name = claims[wanted.name];
  if (typeof name !== "string" || name === "" || name.length > maxNameLength || /\p{Cc}/u.test(name)) {
    return { problem: `the claim ${wanted.name} is not a name` };
  }
  const groups = wanted.groups === undefined ? [] : [claims[wanted.groups]].flat();
  return {
    workload: {
      issuer,
      name,
      groups: groups.filter((group) => typeof group === "string"),
      claims,
      untilMs: Number(claims.exp) * 1000,
    },
  };
}

/** How often an unknown key may cause a fetch, so that made-up tokens cannot cause more. */
const refreshMs = 60_000;
/** How soon after a failure the next fetch may follow. */
const retryMs = 10_000;
/** How long a key that the issuer has withdrawn may still be trusted. */
const freshMs = 3_600_000;
/** The same while the issuer cannot be reached. */
const staleMs = 24 * 3_600_000;

/** The keys of one issuer. */
class IssuerKeys {
  readonly #issuer: string;
  readonly #dependencies: OidcDependencies;
  #keys: ReadonlyMap<string, VerificationKey> = new Map();
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #nextMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | undefined;

  constructor(issuer: string, dependencies: OidcDependencies) {
    this.#issuer = issuer;
    this.#dependencies = dependencies;
  }

  /** Throws if the issuer has never been reached. */
  async find({ kid }: Claims): Promise<VerificationKey | undefined> {
    if (typeof kid !== "string") return undefined;
    const ageMs = this.#dependencies.now() - this.#fetchedMs;
    if (!this.#keys.has(kid) || ageMs > freshMs) await this.#refresh();
    return this.#dependencies.now() - this.#fetchedMs > staleMs ? undefined : this.#keys.get(kid);
  }

  /** One fetch at a time, shared by everybody who waits. */
  async #refresh(): Promise<void> {
    if (this.#fetching === undefined && this.#dependencies.now() < this.#nextMs) return;
    this.#fetching ??= this.#fetch().finally(() => {
      this.#fetching = undefined;
    });
    await this.#fetching;
  }

  async #fetch(): Promise<void> {
    const { now } = this.#dependencies;
    try {
      this.#keys = await this.#discover();
      this.#fetchedMs = now();
      this.#nextMs = now() + refreshMs;
    } catch (error) {
      this.#nextMs = now() + retryMs;
      // Cached keys outlast an outage of the issuer.
      if (this.#keys.size === 0) throw error;
    }
  }

  async #discover(): Promise<ReadonlyMap<string, VerificationKey>> {
    const { fetchText } = this.#dependencies;
    const issuer = this.#issuer;
    const url = `${issuer.endsWith("/") ? issuer.slice(0, -1) : issuer}/.well-known/openid-configuration`;
    const found = JSON.parse(await fetchText(url)) as { readonly issuer?: unknown; readonly jwks_uri?: unknown } | null;
    if (found?.issuer !== issuer) throw new Error(`${url} is about another issuer`);
    const { jwks_uri: jwksUrl } = found;
    if (typeof jwksUrl !== "string" || !isTrustworthyUrl(jwksUrl)) throw new Error(`${url} names no place for keys`);
    return parseJwks(await fetchText(jwksUrl));
  }
}
