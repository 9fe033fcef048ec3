// Tokens of an external token server, as configured by distribution's `auth.token`.
import { parseAccessClaim, type ResourceActions } from "./access-claim.ts";
import { type SigningAlgorithm, verifyJwt } from "./jwt.ts";
import type { TrustedKeys } from "./trusted-keys.ts";

/** Whose tokens are accepted. */
export interface TokenVerifierOptions {
  readonly issuer: string;
  /** The audience the tokens must name. */
  readonly service: string;
  /** At least one. */
  readonly algorithms: readonly SigningAlgorithm[];
  /** The keys as they are now. */
  readonly keys: () => TrustedKeys;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The name on a token and what it grants, or why it was refused: for the log. */
export type TokenGrant =
  | { readonly name: string; readonly access: readonly ResourceActions[] }
  | { readonly problem: string };

/** Verifies the tokens of one issuer. */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
  }

  async verify(token: string): Promise<TokenGrant> {
    const { issuer, service, algorithms, keys, now } = this.#options;
    const verified = await verifyJwt(token, {
      issuer,
      audience: service,
      algorithms,
      findKey: (header) => keys().find(header, now()),
      now,
    });
    if ("problem" in verified) return verified;
    const { sub, access } = verified.claims;
    return { name: typeof sub === "string" ? sub : "", access: parseAccessClaim(access) };
  }
}
