// Turns credentials and tokens into callers. Everything that it looks at is asked for anew, so that what is changed or
// revoked counts at once.
import { createHash } from "node:crypto";
import { parseAccessClaim } from "./access-claim.ts";
import { type ApiToken, hashSecret, isSecret } from "./api-tokens.ts";
import type { Credentials } from "./credentials.ts";
import type { Holder } from "./holder.ts";
import { readHolder } from "./holder.ts";
import type { PasswordChecker, PasswordHashes } from "./htpasswd.ts";
import type { Caller, Identity } from "./identity.ts";
import { type Claims, looksLikeJwt, type TokenResult } from "./jwt.ts";
import type { WorkloadResult } from "./oidc.ts";
import type { TokenGrant } from "./verify-token.ts";

/** What proves an identity. What is absent is not configured. */
export interface AuthenticatorOptions {
  readonly passwords: { readonly hashes: () => PasswordHashes; readonly checker: PasswordChecker } | undefined;
  readonly apiTokens: {
    find(secret: string): ApiToken | undefined;
    get(hash: string): ApiToken | undefined;
  };
  readonly verifyWorkload: ((token: string) => Promise<WorkloadResult>) | undefined;
  /** Verifies an access token of our own token server. */
  readonly verifyOwn: ((token: string) => Promise<TokenResult>) | undefined;
  /** Verifies a token of the issuer of `auth.token`. */
  readonly verifyForeign: ((token: string) => Promise<TokenGrant>) | undefined;
}

/** A caller whose credentials were checked. */
export interface LoggedIn {
  readonly identity: Identity;
  /** How one of our tokens names the caller. */
  readonly holder: Holder;
  /** When the credentials expire, in milliseconds since 1970. */
  readonly untilMs: number | undefined;
}

/** A caller; or why there is none, for the log; or that too many are waiting. */
export type Authentication = LoggedIn | { readonly problem: string } | "busy";

/** A caller, or why there is none. */
export type BearerResult = { readonly caller: Caller } | { readonly problem: string };

/** The ways to prove an identity that a registry was configured with. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * The identity of a name and a password, for which an API token or a workload's token may stand in. `beforeGuess` hears of
   * what may be a guess at a password, and may throw a refusal.
   */
  async authenticate(credentials: Credentials, beforeGuess?: () => void): Promise<Authentication> {
    const { username, password } = credentials;
    const { passwords, apiTokens, verifyWorkload } = this.#options;
    if (isSecret(password)) {
      const token = apiTokens.find(password);
      if (token === undefined) return { problem: "there is no such API token, or no longer" };
      const holder = { kind: "apiToken", id: hashSecret(password) } as const;
      return { identity: { kind: "apiToken", token }, holder, untilMs: token.expiresMs };
    }
    if (verifyWorkload !== undefined && looksLikeJwt(password)) return identify(await verifyWorkload(password));
    if (passwords === undefined) return { problem: "there are no users" };
    const hashes = passwords.hashes();
    const isRight = await passwords.checker.check(hashes, credentials, beforeGuess);
    if (isRight === undefined) return "busy";
    if (!isRight) return { problem: `no user ${JSON.stringify(username.slice(0, 100))} with this password` };
    const holder = { kind: "user", name: username, credential: sealOf(hashes, username) } as const;
    return { identity: { kind: "user", name: username }, holder, untilMs: undefined };
  }

  /** The caller that a bearer token stands for. */
  async verifyBearer(token: string): Promise<BearerResult> {
    const { verifyForeign, verifyOwn } = this.#options;
    if (verifyForeign !== undefined) {
      const grant = await verifyForeign(token);
      if ("problem" in grant) return grant;
      return { caller: { identity: { kind: "bearer", name: grant.name }, grant: grant.access } };
    }
    if (verifyOwn === undefined) return { problem: "bearer tokens are not accepted here" };
    const verified = await verifyOwn(token);
    if ("problem" in verified) return verified;
    const holder = readHolder(verified.claims.holder);
    const identity = holder === undefined ? undefined : this.recall(holder);
    if (identity === undefined) return { problem: "the credential behind the token is no longer good" };
    return { caller: { identity, grant: parseAccessClaim((verified.claims as Claims).access) } };
  }

  /** The identity behind a token, as long as its credential is good. */
  recall(holder: Holder): Identity | undefined {
    const { passwords, apiTokens } = this.#options;
    switch (holder.kind) {
      case "anonymous":
        return holder;
      case "user": {
        const hashes = passwords?.hashes();
        const isSame = hashes?.has(holder.name) === true && sealOf(hashes, holder.name) === holder.credential;
        return isSame ? { kind: "user", name: holder.name } : undefined;
      }
      case "apiToken": {
        const token = apiTokens.get(holder.id);
        return token === undefined ? undefined : { kind: "apiToken", token };
      }
      case "workload":
        return holder;
    }
  }
}

function identify(result: WorkloadResult): Authentication {
  if ("problem" in result) return result;
  const { name, groups, claims, untilMs } = result.workload;
  const identity = { kind: "workload", name, groups, claims } as const;
  return { identity, holder: identity, untilMs };
}

/** Changes with the password, and gives nothing of its hash away. */
function sealOf(hashes: PasswordHashes, user: string): string {
  return createHash("sha256")
    .update(hashes.get(user) ?? "")
    .digest("base64url")
    .slice(0, 22);
}
