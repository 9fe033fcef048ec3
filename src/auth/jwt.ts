// Signed tokens (JWT): the checks made before the library parses one, and the rules a token must meet to be accepted.
import type { KeyObject } from "node:crypto";
import { parseStrictJson } from "../lib/json.ts";
import type { JsonLimits } from "../lib/json-shape.ts";

/** The accepted signature algorithms: only asymmetric ones, so that verifying a token never means being able to make one. */
export const signingAlgorithms = [
  "EdDSA",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
  "RS256",
  "RS384",
  "RS512",
] as const;

/** One of them. */
export type SigningAlgorithm = (typeof signingAlgorithms)[number];

/** The claims of a token, or a header: an object of JSON without duplicate keys. */
export type Claims = Readonly<Record<string, unknown>>;

/** A key, and the only algorithm it may be used with, if it names one. */
export interface VerificationKey {
  readonly key: KeyObject;
  readonly algorithm: string | undefined;
}

/** What a token must meet to be accepted. */
export interface TokenRules {
  readonly issuer: string;
  readonly audience: string;
  readonly algorithms: readonly SigningAlgorithm[];
  /** The trusted key that a header names; never a key taken from the token itself. */
  readonly findKey: (header: Claims) => VerificationKey | undefined | Promise<VerificationKey | undefined>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** The claims of an accepted token, or why it was refused: for the log, not for the caller. */
export type TokenResult = { readonly claims: Claims } | { readonly problem: string };

/** Twice what the largest CI systems issue, with a hundred groups in the token. */
const maxTokenBytes = 16 * 1024;
/** How far apart the clocks of two machines may be. */
const clockSkewSeconds = 60;
const jsonLimits: JsonLimits = { maxDepth: 16, maxValues: 4096, maxDifferentKeys: 512, maxEscapes: 4096 };

/** Whether the text has the form of a token, so that no password hash is computed for it. */
export function looksLikeJwt(text: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(text);
}

/** Verifies a token. */
export async function verifyJwt(token: string, rules: TokenRules): Promise<TokenResult> {
  if (token.length > maxTokenBytes) return { problem: `the token is longer than ${maxTokenBytes} bytes` };
  const parts = readJwt(token);
  if ("problem" in parts) return parts;
  const { header } = parts;
  const algorithm = rules.algorithms.find((known) => known === header.alg);
  if (algorithm === undefined) return { problem: "the algorithm of the signature is not one that is accepted" };
  const found = await rules.findKey(header);
  if (found === undefined) return { problem: "no trusted key has signed the token" };
  if ((found.algorithm ?? algorithm) !== algorithm) return { problem: "the key is for another algorithm" };
  const { jwtVerify } = await import("jose");
  try {
    const { payload } = await jwtVerify(token, found.key, {
      algorithms: [algorithm],
      issuer: rules.issuer,
      audience: rules.audience,
      requiredClaims: ["exp"],
      clockTolerance: clockSkewSeconds,
      currentDate: new Date(rules.now()),
    });
    return { claims: payload };
  } catch (error) {
    // Whatever goes wrong in the library, the token is refused.
    return { problem: error instanceof Error ? error.message : "the token cannot be verified" };
  }
}

/** The header and claims, not verified yet. Duplicate keys are refused: readers differ on which one counts. */
export function readJwt(
  token: string,
): { readonly header: Claims; readonly claims: Claims } | { readonly problem: string } {
  const parts = token.length > maxTokenBytes ? [] : token.split(".");
  const [header, claims] = parts.slice(0, 2).map(decodePart);
  if (parts.length !== 3 || header === undefined || claims === undefined)
    return { problem: "this is not a signed token" };
  if ("problem" in header) return header;
  if ("problem" in claims) return claims;
  return { header: header.value, claims: claims.value };
}

function decodePart(text: string): { readonly value: Claims } | { readonly problem: string } {
  if (!/^[\w-]+$/.test(text)) return { problem: "a part of the token is not base64url" };
  const parsed = parseStrictJson(Buffer.from(text, "base64url"), jsonLimits);
  if ("problem" in parsed) return parsed;
  const { value } = parsed;
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { problem: "a part of the token is not an object" };
  }
  return { value: value as Claims };
}
