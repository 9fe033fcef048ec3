// The kinds of tokens that a registry accepts, by its configuration.
import { readFileSync } from "node:fs";
import type { AuthenticatorOptions } from "../auth/authenticator.ts";
import type { SigningAlgorithm } from "../auth/jwt.ts";
import { type OidcIssuer, OidcVerifier } from "../auth/oidc.ts";
import { type OwnTokenOptions, refreshSeconds, verifyAccessToken } from "../auth/own-tokens.ts";
import { TokenVerifier } from "../auth/verify-token.ts";
import { explainReadError } from "../lib/system-error.ts";
import { ApiTokenFiles } from "./api-token-files.ts";
import { fetchText } from "./fetch-text.ts";
import { SigningKeyFile } from "./signing-key-file.ts";
import { StartError } from "./start-error.ts";

/** An external token server, as in distribution's `auth.token`. */
export interface ExternalTokens {
  readonly issuer: string;
  readonly service: string;
  readonly algorithms: readonly SigningAlgorithm[];
  /** Paths of files. */
  readonly rootCertBundle: string | undefined;
  readonly jwks: string | undefined;
}

/** What the configuration says about tokens. */
export interface TokenSettings {
  readonly external: ExternalTokens | undefined;
  readonly oidc: readonly OidcIssuer[];
  /** Whether our own token server answers. */
  readonly hasOwnServer: boolean;
}

/** The ways to verify each kind of token. */
export interface OpenedTokens extends Omit<AuthenticatorOptions, "passwords"> {
  /** For our own token server; undefined without one. */
  readonly own: OwnTokenOptions | undefined;
}

/** An issuer's keys take a few kilobytes. */
const issuerLimits = { maxBytes: 256 * 1024, timeoutMs: 5000 };

/** Throws a StartError if the keys of an external token server cannot be read. */
export function openTokens(
  { external, oidc, hasOwnServer }: TokenSettings,
  { dataDirectory, now }: { readonly dataDirectory: string; readonly now: () => number },
): OpenedTokens {
  const keys = new SigningKeyFile(dataDirectory, { now, lifetimeMs: refreshSeconds * 1000 });
  const own = hasOwnServer ? { keys, now, uuid: () => crypto.randomUUID() } : undefined;
  const foreign = external === undefined ? undefined : openVerifier(external, now);
  const workloads =
    oidc.length === 0 ? undefined : new OidcVerifier(oidc, { fetchText: (url) => fetchText(url, issuerLimits), now });
  return {
    apiTokens: new ApiTokenFiles(dataDirectory, { now }),
    verifyWorkload: workloads === undefined ? undefined : (token) => workloads.verify(token),
    verifyOwn: own === undefined ? undefined : (token) => verifyAccessToken(token, own),
    verifyForeign: foreign === undefined ? undefined : (token) => foreign.verify(token),
    own,
  };
}

function openVerifier(external: ExternalTokens, now: () => number): TokenVerifier {
  const { issuer, service, algorithms } = external;
  const [jwks, rootCertBundle] = [readKeys("jwks", external.jwks), readKeys("rootcertbundle", external.rootCertBundle)];
  try {
    return new TokenVerifier({ issuer, service, algorithms, keys: { jwks, rootCertBundle }, now });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const files = [external.jwks, external.rootCertBundle].filter((path) => path !== undefined).join(" and ");
    throw new StartError(`${files} (keys of auth.token): ${error.message}`);
  }
}

function readKeys(key: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new StartError(`${path} (auth.token.${key}): ${explainReadError(error)}`);
  }
}
