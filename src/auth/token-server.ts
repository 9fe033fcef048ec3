// Our own token server: valid credentials buy a short-lived token for what was asked for and is allowed.
import { RegistryError } from "../oci/errors.ts";
import type { ResourceActions } from "./access-claim.ts";
import type { Credentials } from "./credentials.ts";
import { type Holder, readHolder } from "./holder.ts";
import {
  type OwnTokenOptions,
  ownService,
  signAccessToken,
  signRefreshToken,
  type TokenContent,
  verifyRefreshToken,
} from "./own-tokens.ts";
import type { TokenRequest } from "./token-request.ts";

/** A caller of the token server. */
export interface TokenCaller extends TokenContent {
  /** Whether the caller may have a refresh token, which outlives this request. */
  readonly isRefreshable: boolean;
  /** The asked actions that the caller is allowed. */
  grant(asked: ResourceActions): readonly string[];
}

/** What the token server depends on. */
export interface TokenServerOptions extends OwnTokenOptions {
  /** Whose credentials these are; refuses invalid ones. */
  readonly authenticate: (credentials: Credentials | undefined) => Promise<TokenCaller>;
  /** The holder of a token, as long as the credential behind it is valid. */
  readonly recall: (holder: Holder) => Promise<TokenCaller | undefined>;
}

/** What the caller gets. */
export interface TokenAnswer {
  readonly token: string;
  readonly issuedMs: number;
  readonly lifetimeSeconds: number;
  /** What was granted, as a scope. */
  readonly scope: string;
  readonly refreshToken: string | undefined;
}

/** Answers one request, or refuses it. */
export async function answerTokenRequest(request: TokenRequest, options: TokenServerOptions): Promise<TokenAnswer> {
  const { service, by, isOffline } = request;
  // A caller who could choose the audience would get tokens that are valid elsewhere.
  if (service !== undefined && service !== ownService) {
    throw new RegistryError("REQUEST_INVALID", { message: `this token server is for the service ${ownService} alone` });
  }
  const caller = await findCaller(by, options);
  const access = grant(request.scopes, caller);
  const signed = await signAccessToken(caller, { access, options });
  const scope = access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(",")}`).join(" ");
  const isRefreshed = isOffline && caller.isRefreshable;
  const refreshToken =
    "refreshToken" in by ? by.refreshToken : isRefreshed ? (await signRefreshToken(caller, options)).token : undefined;
  return { ...signed, scope, refreshToken };
}

async function findCaller(by: TokenRequest["by"], options: TokenServerOptions): Promise<TokenCaller> {
  if (!("refreshToken" in by)) return await options.authenticate(by.credentials);
  const verified = await verifyRefreshToken(by.refreshToken, options);
  const holder = "claims" in verified ? readHolder(verified.claims.holder) : undefined;
  const caller = holder === undefined ? undefined : await options.recall(holder);
  if (caller !== undefined) return caller;
  const why = "problem" in verified ? verified.problem : "the credential behind the token is no longer valid";
  throw new RegistryError("UNAUTHORIZED", { message: "log in again", cause: new Error(why) });
}

/** The intersection of asked and allowed; resources with nothing allowed are left out. */
function grant(asked: readonly ResourceActions[], caller: TokenCaller): readonly ResourceActions[] {
  return asked
    .map((resource) => ({ ...resource, actions: caller.grant(resource) }))
    .filter(({ actions }) => actions.length > 0);
}
