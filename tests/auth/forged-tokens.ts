// Tokens that must not be believed, each with one thing wrong; of an issuer with one key on P-256 that is called "ours".
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { EncryptJWT } from "jose";
import { assembleToken, ecKey, signToken, type TestKey } from "./signed-token.ts";

/** What a good token would be made of. */
export interface Genuine {
  readonly ours: TestKey;
  readonly good: Readonly<Record<string, unknown>> & { readonly iss: string; readonly aud: string };
  readonly nowSeconds: number;
  /** By how much the wrong times are wrong, beyond the skew of the clocks that is allowed. */
  readonly marginSeconds: number;
  /** Where the attacker offers keys. */
  readonly attacker: string;
}

/** What is wrong with each, and the token. */
export function forgeTokens(genuine: Genuine): readonly (readonly [string, string | Promise<string>])[] {
  const { ours, good, nowSeconds, marginSeconds, attacker } = genuine;
  const foreign = ecKey("ours");
  const { assemble, withHeader } = signer(ours);
  const ecHeader = JSON.stringify({ alg: "ES256", kid: "ours" });
  const publicPem = ours.publicKey.export({ type: "spki", format: "pem" });
  const foreignJwk = foreign.publicKey.export({ format: "jwk" });

  return [
    ["signed by another key of the same name", signToken(good, { key: foreign })],
    [
      "with the attacker's key in jwk",
      signToken(good, { key: foreign, header: { jwk: { ...foreignJwk, kid: "ours" } } }),
    ],
    ["with the attacker's key at jku", signToken(good, { key: foreign, header: { jku: `${attacker}/jwks` } })],
    ["with the attacker's chain at x5u", signToken(good, { key: foreign, header: { x5u: `${attacker}/pem` } })],
    ["with a chain that nobody trusts, and a known kid", signToken(good, { key: ours, header: { x5c: ["AAAA"] } })],
    ["of an unknown kid", signToken(good, { key: { ...ours, kid: "unknown" } })],
    ["without kid", assemble('{"alg":"ES256"}', JSON.stringify(good))],
    ["with a kid that is a property of every object", signToken(good, { key: { ...ours, kid: "__proto__" } })],
    ["of another issuer", signToken({ ...good, iss: `${good.iss}.attacker.test` }, { key: ours })],
    ["with a list of issuers", signToken({ ...good, iss: [good.iss] } as never, { key: ours })],
    ["without issuer", signToken({ ...good, iss: undefined }, { key: ours })],
    ["for another audience", signToken({ ...good, aud: `${good.aud}2` }, { key: ours })],
    ["without audience", signToken({ ...good, aud: undefined }, { key: ours })],
    ["that expired", signToken({ ...good, exp: nowSeconds - 60 - marginSeconds }, { key: ours })],
    ["that never expires", signToken({ ...good, exp: undefined }, { key: ours })],
    ["whose end is no number", signToken({ ...good, exp: "9999999999" } as never, { key: ours })],
    ["that is not valid yet", signToken({ ...good, nbf: nowSeconds + 60 + marginSeconds }, { key: ours })],
    ["with a claim that stands twice", assemble(ecHeader, `{"sub":"root",${JSON.stringify(good).slice(1)}`)],
    ["with a header that stands twice", assemble(`{"kid":"ours",${ecHeader.slice(1)}`, JSON.stringify(good))],
    [
      "with an unknown critical header",
      signToken(good, { key: ours }).then((token) => withHeader(token, { crit: ["x"], x: 1 })),
    ],
    ["with alg none", `${assembleToken('{"alg":"none","kid":"ours"}', JSON.stringify(good), () => Buffer.from(""))}`],
    ["with alg nOnE", `${assembleToken('{"alg":"nOnE","kid":"ours"}', JSON.stringify(good), () => Buffer.from(""))}`],
    [
      "of HS256 with the public key as the secret",
      assembleToken('{"alg":"HS256","kid":"ours"}', JSON.stringify(good), (signed) =>
        createHmac("sha256", publicPem).update(signed).digest(),
      ),
    ],
    ["of an algorithm of another kind of key", assemble('{"alg":"RS256","kid":"ours"}', JSON.stringify(good))],
    ["of an algorithm of another curve", assemble('{"alg":"ES384","kid":"ours"}', JSON.stringify(good))],
    ["with a signature of zeros", assembleToken(ecHeader, JSON.stringify(good), () => Buffer.alloc(64))],
    ["without a signature", assembleToken(ecHeader, JSON.stringify(good), () => Buffer.from(""))],
    ["whose claims are no object", assemble(ecHeader, "[]")],
    ["whose claims are no JSON", assemble(ecHeader, "{")],
    ["that is encrypted", encrypt(good)],
    ["of nothing", ""],
    ["of dots", ".".repeat(1_000_000)],
    ["of forty thousand dots", ".".repeat(40_000)],
    ["of forty thousand bytes of claims", assemble(ecHeader, JSON.stringify({ ...good, x: "x".repeat(30_000) }))],
    ["of a megabyte", "e".repeat(1_000_000)],
    ["of a megabyte of claims", assemble(ecHeader, JSON.stringify({ ...good, x: "x".repeat(1_000_000) }))],
    ["of many small claims", assemble(ecHeader, `{${"".padEnd(10_000, "[")}`)],
  ];
}

/** Signs with the issuer's own key, so that nothing but the text is wrong. */
function signer(ours: TestKey) {
  const assemble = (header: string, claims: string): string =>
    assembleToken(header, claims, (signed) =>
      sign("sha256", Buffer.from(signed), { key: ours.privateKey, dsaEncoding: "ieee-p1363" }),
    );

  const withHeader = (token: string, header: Readonly<Record<string, unknown>>): string => {
    const [, claims = ""] = token.split(".");
    return assemble(
      JSON.stringify({ alg: "ES256", kid: "ours", ...header }),
      Buffer.from(claims, "base64url").toString(),
    );
  };
  return { assemble, withHeader };
}

async function encrypt(claims: Readonly<Record<string, unknown>>): Promise<string> {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return await new EncryptJWT(claims)
    .setProtectedHeader({ alg: "ECDH-ES", enc: "A128GCM", kid: "ours" })
    .encrypt(publicKey);
}
