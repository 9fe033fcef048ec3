// The tokens of our own token server: short-lived access tokens, and long-lived refresh tokens that only buy new ones.
import type { ResourceActions } from "./access-claim.ts";
import type { Holder } from "./holder.ts";
import { type Claims, type TokenResult, verifyJwt } from "./jwt.ts";
import type { SigningKey } from "./signing-keys.ts";

/** The keys that sign tokens and verify them. */
export interface SigningKeys {
  current(): Promise<SigningKey>;
  find(kid: string): SigningKey | undefined;
}

/** What our own tokens depend on. */
export interface OwnTokenOptions {
  readonly keys: SigningKeys;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly uuid: () => string;
}

/** What a token says. */
export interface TokenContent {
  /** Empty for an anonymous caller. */
  readonly name: string;
  /** Identifies the credential behind the token; the token is valid only as long as that is. */
  readonly holder: Holder;
  /** When the credential expires, and its tokens with it, in milliseconds since 1970. */
  readonly untilMs: number | undefined;
}

/** A token as it is handed out. */
export interface SignedToken {
  readonly token: string;
  readonly issuedMs: number;
  readonly lifetimeSeconds: number;
}

/** The issuer and audience of our tokens. Fixed names will do: every registry has keys of its own. */
const ownIssuer = "registry";
export const ownService = "registry";
/** Keeps a refresh token from being taken for an access token, and the other way round. */
const refreshAudience = "registry/refresh";

/** As at Docker Hub; every client fetches a new one when it expires. */
const accessSeconds = 300;
/** A login lasts a year, unless the password changes or the credential is removed earlier. */
export const refreshSeconds = 365 * 24 * 3600;

/** An access token for what is granted. */
export async function signAccessToken(
  content: TokenContent,
  { access, options }: { readonly access: readonly ResourceActions[]; readonly options: OwnTokenOptions },
): Promise<SignedToken> {
  return await sign(content, { audience: ownService, lifetimeSeconds: accessSeconds, claims: { access }, options });
}

/** A refresh token, which grants nothing by itself. */
export async function signRefreshToken(content: TokenContent, options: OwnTokenOptions): Promise<SignedToken> {
  return await sign(content, { audience: refreshAudience, lifetimeSeconds: refreshSeconds, claims: {}, options });
}

async function sign(
  { name, holder, untilMs }: TokenContent,
  {
    audience,
    lifetimeSeconds,
    claims,
    options,
  }: {
    readonly audience: string;
    readonly lifetimeSeconds: number;
    readonly claims: Claims;
    readonly options: OwnTokenOptions;
  },
): Promise<SignedToken> {
  const { SignJWT } = await import("jose");
  const key = await options.keys.current();
  const issued = Math.floor(options.now() / 1000);
  const left = untilMs === undefined ? lifetimeSeconds : Math.floor(untilMs / 1000) - issued;
  const lifetime = Math.min(lifetimeSeconds, left);
  const token = await new SignJWT({ ...claims, holder, jti: options.uuid() })
    .setProtectedHeader({ typ: "JWT", alg: "ES256", kid: key.kid })
    .setIssuer(ownIssuer)
    .setSubject(name)
    .setAudience(audience)
    .setIssuedAt(issued)
    .setNotBefore(issued)
    .setExpirationTime(issued + lifetime)
    .sign(key.privateKey);
  return { token, issuedMs: issued * 1000, lifetimeSeconds: lifetime };
}

/** Verifies an access token. */
export async function verifyAccessToken(token: string, options: OwnTokenOptions): Promise<TokenResult> {
  return await verify(token, ownService, options);
}

/** Verifies a refresh token. */
export async function verifyRefreshToken(token: string, options: OwnTokenOptions): Promise<TokenResult> {
  return await verify(token, refreshAudience, options);
}

async function verify(token: string, audience: string, { keys, now }: OwnTokenOptions): Promise<TokenResult> {
  const findKey = ({ kid }: Claims) => {
    const key = typeof kid === "string" ? keys.find(kid)?.publicKey : undefined;
    return key === undefined ? undefined : { key, algorithm: "ES256" };
  };
  return await verifyJwt(token, { issuer: ownIssuer, audience, algorithms: ["ES256"], findKey, now });
}
