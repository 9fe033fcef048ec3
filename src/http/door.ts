// The door: who asks, and whether it may be done.
import type { Authentication, Authenticator, LoggedIn } from "../auth/authenticator.ts";
import { type Credentials, parseBasic } from "../auth/credentials.ts";
import { anonymousCaller, type Caller, formatIdentity } from "../auth/identity.ts";
import { type Action, allowedActions, type Policy } from "../auth/policy.ts";
import type { TokenRequest } from "../auth/token-request.ts";
import type { TokenAnswer } from "../auth/token-server.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import { formatChallenge, type LoginScheme, type TokenProblem } from "./challenge.ts";
import type { LoginFailures } from "./login-failures.ts";
import type { Need } from "./needs.ts";

/** How callers log in. */
export type LoginWay =
  | { readonly kind: "basic"; readonly realm: string }
  | { readonly kind: "bearer"; readonly realm: string; readonly service: string };

/** What the door works with. */
export interface DoorOptions {
  readonly authenticator: Authenticator;
  /** The rules as they are now. */
  readonly policy: () => Policy;
  readonly scheme: LoginScheme;
  readonly failures: LoginFailures;
  /** Told of logins, and of credentials that proved nothing; undefined if there is no audit log. */
  readonly noteLogin?: ((login: Login) => Promise<void>) | undefined;
}

/** An attempt to log in. */
export interface Login {
  /** Who it was, or claimed to be. */
  readonly name: string;
  readonly remote: string;
  /** Why it failed; undefined if it did not. */
  readonly problem: string | undefined;
}

const maxClaimedName = 100;

/** A request as the door sees it. */
export interface Visitor {
  readonly authorization: string | null;
  /** The address that it comes from. */
  readonly remote: string;
  /** Scheme, host and prefix under which it reached us. */
  readonly origin: string;
  readonly need: Need;
}

/** Access control. */
export interface AccessControl {
  /** Decides who may do what. */
  readonly door: Door;
  /** Our own token server; undefined if tokens come from elsewhere, or there are none. */
  readonly answerTokenRequest: ((request: TokenRequest, remote: string) => Promise<TokenAnswer>) | undefined;
}

/** Decides about every request of a registry with access control. */
export class Door {
  readonly #options: DoorOptions;

  constructor(options: DoorOptions) {
    this.#options = options;
  }

  /** Who it is; throws UNAUTHORIZED for credentials that prove nothing. */
  async identify(visitor: Visitor): Promise<Caller> {
    const { authorization, remote, need } = visitor;
    if (authorization === null || need.kind === "nothing") return anonymousCaller;
    const token = /^bearer +(\S+) *$/i.exec(authorization)?.[1];
    if (token !== undefined) return this.#verifyBearer(visitor, token);
    const credentials = parseBasic(authorization);
    if (credentials === undefined) throw this.#refuse(visitor, { why: "the Authorization header is malformed" });
    const found = await this.#authenticate(credentials, remote, need.kind === "login");
    if ("problem" in found) throw this.#refuse(visitor, { why: found.problem });
    return { identity: found.identity, grant: undefined };
  }

  /** The same for the token server, which answers without a challenge. */
  async login(credentials: Credentials, remote: string): Promise<LoggedIn> {
    const found = await this.#authenticate(credentials, remote, true);
    if (!("problem" in found)) return found;
    throw new RegistryError("UNAUTHORIZED", {
      message: "wrong user name or password",
      cause: new Error(found.problem),
    });
  }

  /** Throws UNAUTHORIZED if a login could help, and DENIED if it could not. */
  admit(visitor: Visitor, caller: Caller): void {
    const { need } = visitor;
    const { identity, grant } = caller;
    const isUnknown = identity.kind === "anonymous" && grant === undefined;
    if (need.kind === "nothing" || need.kind === "anyone") return;
    if (need.kind === "login") {
      if (isUnknown) throw this.#refuse(visitor, { why: "no credentials" });
      return;
    }
    if (need.kind === "catalog" || need.kind === "everything") {
      this.#admitToCatalog(visitor, caller);
      if (need.kind === "catalog" || this.seesEverything(caller)) return;
      if (isUnknown) throw this.#refuse(visitor, { why: "no credentials" });
      throw new RegistryError("DENIED", {
        message: "only who may pull from all repositories may see this",
        cause: new Error(`${formatIdentity(identity)} may not pull from all repositories`),
      });
    }
    const policy = this.#options.policy();
    const { isAllowed, because } = policy.decide(caller, need);
    if (isAllowed) return;
    const why = `${formatIdentity(identity)} may not ${need.action}: ${because}`;
    if (isUnknown) throw this.#refuse(visitor, { why });
    const isForMore = grant !== undefined && policy.decide({ identity, grant: undefined }, need).isAllowed;
    if (isForMore || identity.kind === "anonymous") {
      throw this.#refuse(visitor, { why, problem: "insufficient_scope" });
    }
    throw new RegistryError("DENIED", { cause: new Error(why) });
  }

  /** The URL of the token server, for a request at this origin; undefined if there are no tokens. */
  tokenServer(origin: string): string | undefined {
    const { scheme } = this.#options;
    return scheme.kind === "bearer" ? scheme.realm(origin) : undefined;
  }

  /** Whether the caller may pull from the repository. */
  mayPull(caller: Caller, repository: RepositoryName): boolean {
    return this.#options.policy().decide(caller, { repository, action: "pull" }).isAllowed;
  }

  /**
   * Whether the caller sees the repository in a listing. A token's grant names no repositories for that; but of the bearer
   * of a foreign one nothing else is known, so without a grant of the catalog it sees what the token lets it pull.
   */
  maySee({ identity, grant }: Caller, repository: RepositoryName): boolean {
    const isListed = identity.kind !== "bearer" || (grant !== undefined && grantsCatalog(grant));
    return this.mayPull({ identity, grant: isListed ? undefined : grant }, repository);
  }

  /** Whether the caller may know of all repositories, and of what they share. */
  seesEverything({ identity }: Caller): boolean {
    return this.#options.policy().coversEverything(identity);
  }

  /**
   * What the caller may do in the repository, whatever its token was asked for. Only the issuer of a foreign token knows
   * more than the token says.
   */
  actionsOn({ identity, grant }: Caller, repository: RepositoryName): readonly Action[] {
    const caller = { identity, grant: identity.kind === "bearer" ? grant : undefined };
    return allowedActions(this.#options.policy(), caller, { repository, actions: ["*"] });
  }

  /** How callers log in, for a request at this origin. */
  describeLogin(origin: string): LoginWay {
    const { scheme } = this.#options;
    if (scheme.kind === "basic") return scheme;
    return { kind: "bearer", realm: scheme.realm(origin), service: scheme.service };
  }

  #admitToCatalog(visitor: Visitor, { identity, grant }: Caller): void {
    if (grant === undefined) {
      if (identity.kind !== "anonymous" || this.#options.policy().allowsAnonymous) return;
      throw this.#refuse(visitor, { why: "no credentials" });
    }
    if (!grantsCatalog(grant))
      throw this.#refuse(visitor, { why: "the token is not for it", problem: "insufficient_scope" });
  }

  async #verifyBearer(visitor: Visitor, token: string): Promise<Caller> {
    const result = await this.#options.authenticator.verifyBearer(token);
    if ("caller" in result) return result.caller;
    throw this.#refuse(visitor, { why: result.problem, problem: "invalid_token" });
  }

  /** Clients send Basic credentials with every request; only the one that they check them with is a login. */
  async #authenticate(
    credentials: Credentials,
    remote: string,
    isLogin: boolean,
  ): Promise<Exclude<Authentication, "busy">> {
    const { authenticator, failures, noteLogin } = this.#options;
    let isGuess = false;
    const found = await authenticator.authenticate(credentials, () => {
      failures.attempt(remote);
      isGuess = true;
    });
    const isWrong = found !== "busy" && "problem" in found;
    if (isGuess && !isWrong) failures.forgive(remote);
    if (found === "busy") {
      throw new RegistryError("UNAVAILABLE", { message: "too many logins at once; try again", retryAfterSeconds: 1 });
    }
    if ("problem" in found) {
      const name = credentials.username.slice(0, maxClaimedName);
      await noteLogin?.({ name, remote, problem: found.problem });
    } else if (isLogin) {
      await noteLogin?.({ name: formatIdentity(found.identity), remote, problem: undefined });
    }
    return found;
  }

  #refuse(
    { origin, need }: Visitor,
    { why, problem }: { readonly why: string; readonly problem?: TokenProblem },
  ): RegistryError {
    const challenge = formatChallenge(this.#options.scheme, {
      origin,
      need,
      ...(problem === undefined ? {} : { problem }),
    });
    return new RegistryError("UNAUTHORIZED", { headers: { "WWW-Authenticate": challenge }, cause: new Error(why) });
  }
}

function grantsCatalog(grant: NonNullable<Caller["grant"]>): boolean {
  return grant.some(({ type, name, actions }) => type === "registry" && name === "catalog" && actions.includes("*"));
}
