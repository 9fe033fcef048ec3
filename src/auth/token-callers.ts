// Our own token server, by the logins and the rules that apply to every other request.
import { RegistryError } from "../oci/errors.ts";
import { parseRepositoryName } from "../oci/name.ts";
import type { ResourceActions } from "./access-claim.ts";
import type { LoggedIn } from "./authenticator.ts";
import type { Credentials } from "./credentials.ts";
import type { Holder } from "./holder.ts";
import { formatIdentity, type Identity } from "./identity.ts";
import type { OwnTokenOptions } from "./own-tokens.ts";
import { allowedActions, type Policy } from "./policy.ts";
import type { TokenRequest } from "./token-request.ts";
import { answerTokenRequest, type TokenAnswer, type TokenCaller } from "./token-server.ts";

/** What the token server depends on. */
export interface TokenServerDependencies extends OwnTokenOptions {
  /** Checks the credentials of a caller at an address; refuses invalid ones. */
  readonly login: (credentials: Credentials, remote: string) => Promise<LoggedIn>;
  /** The identity behind a token, as long as its credential is valid. */
  readonly recall: (holder: Holder) => Identity | undefined;
  /** The rules as they are now. */
  readonly policy: () => Policy;
}

/** Answers a token request of a caller at an address, or refuses it. */
export type TokenServer = (request: TokenRequest, remote: string) => Promise<TokenAnswer>;

/** Our own token server. */
export function createTokenServer(dependencies: TokenServerDependencies): TokenServer {
  const callerOf = ({ identity, holder, untilMs }: LoggedIn): TokenCaller => ({
    name: identity.kind === "anonymous" ? "" : formatIdentity(identity),
    holder,
    untilMs,
    // A workload's own token is short-lived on purpose.
    isRefreshable: identity.kind === "user" || identity.kind === "apiToken",
    grant: (asked) => grant(dependencies.policy(), identity, asked),
  });
  const recall = async (holder: Holder) => {
    const identity = dependencies.recall(holder);
    if (identity === undefined) return undefined;
    return callerOf({ identity, holder, untilMs: identity.kind === "apiToken" ? identity.token.expiresMs : undefined });
  };
  return (request, remote) =>
    answerTokenRequest(request, {
      ...dependencies,
      recall,
      authenticate: async (credentials) =>
        callerOf(
          credentials === undefined
            ? admitAnonymous(dependencies.policy())
            : await dependencies.login(credentials, remote),
        ),
    });
}

/** Where anonymous callers may do nothing, a token would only delay the refusal. */
function admitAnonymous(policy: Policy): LoggedIn {
  if (!policy.allowsAnonymous) throw new RegistryError("UNAUTHORIZED");
  return { identity: { kind: "anonymous" }, holder: { kind: "anonymous" }, untilMs: undefined };
}

/** Everybody may ask for the catalog, since it lists only what the caller may pull. */
function grant(policy: Policy, identity: Identity, { type, name, actions }: ResourceActions): readonly string[] {
  if (type === "registry" && name === "catalog") return actions.includes("*") ? ["*"] : [];
  const repository = type === "repository" ? parseRepositoryName(name) : undefined;
  if (repository === undefined) return [];
  return allowedActions(policy, { identity, grant: undefined }, { repository, actions });
}
