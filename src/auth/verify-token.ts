// Tokens of an external token server, as configured by distribution's `auth.token`.
import { parseAccessClaim, type ResourceActions } from "./access-claim.ts";
import { type SigningAlgorithm, verifyJwt } from "./jwt.ts";
import { readTrustedKeys, type TrustedKeySources, type TrustedKeys } from "./trusted-keys.ts";

/** Whose tokens are accepted. */
export interface TokenVerifierOptions {
  readonly issuer: string;
  /** The audience the tokens must name. */
  readonly service: string;
  /** At least one. */
  readonly algorithms: readonly SigningAlgorithm[];
  readonly keys: TrustedKeySources;
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
  readonly #keys: TrustedKeys;

  /** Throws a SyntaxError if the keys are malformed, or there are no keys or algorithms. */
  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#keys = readTrustedKeys(options.keys);
    if (options.algorithms.length === 0) throw new SyntaxError("no signature algorithm is accepted");
    if (this.#keys.isEmpty) throw new SyntaxError("it has no key that could verify a token");
  }

  async verify(token: string): Promise<TokenGrant> {
    const { issuer, service, algorithms, now } = this.#options;
    const verified = await verifyJwt(token, {
      issuer,
      audience: service,
      algorithms,
      findKey: (header) => this.#keys.find(header, now()),
      now,
    });
    if ("problem" in verified) return verified;
    const { sub, access } = verified.claims;
    return { name: typeof sub === "string" ? sub : "", access: parseAccessClaim(access) };
  }
}
