// Tokens that tests sign themselves, right ones and forged ones.
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";

/** A key pair with the name that its tokens carry. */
export interface TestKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A key on P-256. */
export function ecKey(kid: string): TestKey {
  return { kid, ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
}

/** The keys as an issuer publishes them. */
export function formatJwks(keys: readonly TestKey[]): string {
  return JSON.stringify({ keys: keys.map(({ kid, publicKey }) => ({ ...publicKey.export({ format: "jwk" }), kid })) });
}

/** A token as its issuer would sign it; the header may say what it should not. */
export async function signToken(
  claims: Readonly<Record<string, unknown>>,
  { key, header = {} }: { readonly key: TestKey; readonly header?: Readonly<Record<string, unknown>> },
): Promise<string> {
  return await new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: key.kid, ...header }).sign(key.privateKey);
}

/** A token of two texts, whatever they are, with a signature of somebody's. */
export function assembleToken(header: string, claims: string, sign: (signed: string) => Buffer): string {
  const signed = [header, claims].map((text) => Buffer.from(text).toString("base64url")).join(".");
  return `${signed}.${sign(signed).toString("base64url")}`;
}
