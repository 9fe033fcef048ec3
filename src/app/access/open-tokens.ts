// The kinds of tokens that a registry accepts, by its configuration.
import type { AuthenticatorOptions } from "../../auth/authenticator.ts";
import type { SigningAlgorithm } from "../../auth/jwt.ts";
import { type OidcIssuer, OidcVerifier } from "../../auth/oidc.ts";
import { type OwnTokenOptions, refreshSeconds, verifyAccessToken } from "../../auth/own-tokens.ts";
import { TokenVerifier } from "../../auth/verify-token.ts";
import type { Logger } from "../../log/logger.ts";
import type { SharedTexts } from "../store/shared-files.ts";
import { ApiTokenFiles } from "./api-token-files.ts";
import { fetchText } from "./fetch-text.ts";
import { SigningKeyFile } from "./signing-key-file.ts";
import { TokenKeyFiles, type TokenKeyPaths } from "./token-key-files.ts";

/** An external token server, as in distribution's `auth.token`. */
export interface ExternalTokens extends TokenKeyPaths {
  readonly issuer: string;
  readonly service: string;
  readonly algorithms: readonly SigningAlgorithm[];
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
  /** Reads the keys of an external token server again, whether their files look changed or not. */
  readonly rereadKeys: () => void;
}

/** What tokens need from the process. */
export interface TokensDependencies {
  readonly dataDirectory: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly logger: Logger;
  /** What other nodes have, too; undefined: there are no other nodes. */
  readonly shared?: SharedTexts | undefined;
}

/** An issuer's keys take a few kilobytes. */
const issuerLimits = { maxBytes: 256 * 1024, timeoutMs: 5000 };

const keysProblem = "the keys of auth.token cannot be read again; those of before stay";

/** Throws a StartError if the keys of an external token server cannot be read. */
export function openTokens(
  { external, oidc, hasOwnServer }: TokenSettings,
  { dataDirectory, now, logger, shared }: TokensDependencies,
): OpenedTokens {
  const keys = new SigningKeyFile(dataDirectory, { now, lifetimeMs: refreshSeconds * 1000, shared });
  const own = hasOwnServer ? { keys, now, uuid: () => crypto.randomUUID() } : undefined;
  const files = external && new TokenKeyFiles(external, (problem) => logger.error(keysProblem, { problem }));
  const foreign = external && files && new TokenVerifier({ ...external, keys: () => files.keys(), now });
  const workloads =
    oidc.length === 0 ? undefined : new OidcVerifier(oidc, { fetchText: (url) => fetchText(url, issuerLimits), now });
  return {
    apiTokens: new ApiTokenFiles(dataDirectory, { now, shared }),
    verifyWorkload: workloads === undefined ? undefined : (token) => workloads.verify(token),
    verifyOwn: own === undefined ? undefined : (token) => verifyAccessToken(token, own),
    verifyForeign: foreign === undefined ? undefined : (token) => foreign.verify(token),
    own,
    rereadKeys: () => files?.reread(),
  };
}
