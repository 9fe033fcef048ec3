import { expect, test } from "bun:test";
import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { EncryptJWT } from "jose";
import { looksLikeJwt, readJwt, type SigningAlgorithm, signingAlgorithms, verifyJwt } from "../../src/auth/jwt.ts";
import { readTrustedKeys } from "../../src/auth/trusted-keys.ts";
import { assembleToken, ecKey, formatJwks, signToken, type TestKey } from "./signed-token.ts";

const nowSeconds = 1_800_000_000;
const ours = ecKey("ours");
const foreign = ecKey("ours");
const keys = readTrustedKeys({ jwks: formatJwks([ours]) });
const good = { iss: "https://issuer.test", aud: "registry.test", exp: nowSeconds + 300, sub: "alice" };

function verify(token: string, algorithms: readonly SigningAlgorithm[] = signingAlgorithms) {
  return verifyJwt(token, {
    issuer: "https://issuer.test",
    audience: "registry.test",
    algorithms,
    findKey: (header) => keys.find(header, nowSeconds * 1000),
    now: () => nowSeconds * 1000,
  });
}

/** Signed with our own key, so that nothing but the text is wrong. */
function assemble(header: string, claims: string): string {
  return assembleToken(header, claims, (signed) =>
    sign("sha256", Buffer.from(signed), { key: ours.privateKey, dsaEncoding: "ieee-p1363" }),
  );
}

test.each([
  ["as it should be", {}],
  ["for several audiences", { aud: ["other", "registry.test"] }],
  ["expired within the skew of the clocks", { exp: nowSeconds - 59 }],
  ["not valid yet, within the skew", { nbf: nowSeconds + 59 }],
])("verifyJwt() believes a token %s", async (_, changes) => {
  const claims = { ...good, ...changes };
  expect(await verify(await signToken(claims, { key: ours }))).toEqual({ claims });
});

const ecHeader = JSON.stringify({ alg: "ES256", kid: "ours" });
const publicPem = ours.publicKey.export({ type: "spki", format: "pem" });
const foreignJwk = foreign.publicKey.export({ format: "jwk" });

const forged: readonly (readonly [string, string | Promise<string>])[] = [
  ["signed by another key of the same name", signToken(good, { key: foreign })],
  [
    "with the attacker's key in jwk",
    signToken(good, { key: foreign, header: { jwk: { ...foreignJwk, kid: "ours" } } }),
  ],
  ["with the attacker's key at jku", signToken(good, { key: foreign, header: { jku: "https://attacker.test/jwks" } })],
  ["with the attacker's chain at x5u", signToken(good, { key: foreign, header: { x5u: "https://attacker.test/pem" } })],
  ["with a chain that nobody trusts, and a known kid", signToken(good, { key: ours, header: { x5c: ["AAAA"] } })],
  ["of an unknown kid", signToken(good, { key: { ...ours, kid: "unknown" } })],
  ["without kid", assemble('{"alg":"ES256"}', JSON.stringify(good))],
  ["with a kid that is a property of every object", signToken(good, { key: { ...ours, kid: "__proto__" } })],
  ["of another issuer", signToken({ ...good, iss: "https://issuer.test.attacker.test" }, { key: ours })],
  ["with a list of issuers", signToken({ ...good, iss: ["https://issuer.test"] } as never, { key: ours })],
  ["without issuer", signToken({ ...good, iss: undefined }, { key: ours })],
  ["for another audience", signToken({ ...good, aud: "registry.test2" }, { key: ours })],
  ["without audience", signToken({ ...good, aud: undefined }, { key: ours })],
  ["that expired", signToken({ ...good, exp: nowSeconds - 61 }, { key: ours })],
  ["that never expires", signToken({ ...good, exp: undefined }, { key: ours })],
  ["whose end is no number", signToken({ ...good, exp: "9999999999" } as never, { key: ours })],
  ["that is not valid yet", signToken({ ...good, nbf: nowSeconds + 61 }, { key: ours })],
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
  ["that is encrypted", encrypted()],
  ["of nothing", ""],
  ["of dots", ".".repeat(1_000_000)],
  ["of a megabyte", "e".repeat(1_000_000)],
  ["of a megabyte of claims", assemble(ecHeader, JSON.stringify({ ...good, x: "x".repeat(1_000_000) }))],
  ["of many small claims", assemble(ecHeader, `{${"".padEnd(10_000, "[")}`)],
];

test.each(forged)("verifyJwt() refuses a token %s, and at once", async (_, token) => {
  const text = await token;
  await verify("warm");
  const startedMs = performance.now();
  const result = await verify(text);
  const tookMs = performance.now() - startedMs;
  expect(result).toEqual({ problem: expect.any(String) });
  expect(tookMs).toBeLessThan(50);
});

test("verifyJwt() takes only the algorithms that it was told", async () => {
  const token = await signToken(good, { key: ours });
  expect(await verify(token, ["RS256"])).toEqual({ problem: expect.stringContaining("algorithm") });
});

function pair(generate: () => { readonly privateKey: KeyObject; readonly publicKey: KeyObject }): TestKey {
  return { kid: "k", ...generate() };
}

const kinds: Readonly<Record<string, () => TestKey>> = {
  RS: () => pair(() => generateKeyPairSync("rsa", { modulusLength: 2048 })),
  PS: () => pair(() => generateKeyPairSync("rsa", { modulusLength: 2048 })),
  ES256: () => pair(() => generateKeyPairSync("ec", { namedCurve: "P-256" })),
  ES384: () => pair(() => generateKeyPairSync("ec", { namedCurve: "P-384" })),
  ES512: () => pair(() => generateKeyPairSync("ec", { namedCurve: "P-521" })),
  EdDSA: () => pair(() => generateKeyPairSync("ed25519")),
};

test.each([...signingAlgorithms])("verifyJwt() knows %s", async (alg) => {
  const key = (kinds[alg] ?? kinds[alg.slice(0, 2)])?.() ?? ours;
  const token = await signToken(good, { key, header: { alg } });
  const rules = { issuer: good.iss, audience: good.aud, algorithms: signingAlgorithms, now: () => nowSeconds * 1000 };
  const found = readTrustedKeys({ jwks: formatJwks([key]) });
  const result = await verifyJwt(token, { ...rules, findKey: (header) => found.find(header, 0) });
  expect(result).toEqual({ claims: good });
});

test("verifyJwt() uses a key for no algorithm but its own", async () => {
  const token = await signToken(good, { key: ours });
  const found = { key: ours.publicKey, algorithm: "ES384" };
  const rules = { issuer: good.iss, audience: good.aud, algorithms: signingAlgorithms, now: () => nowSeconds * 1000 };
  const result = await verifyJwt(token, { ...rules, findKey: () => found });
  expect(result).toEqual({ problem: "the key is for another algorithm" });
});

test("readJwt() reads what a token says, true or not", async () => {
  const token = await signToken(good, { key: foreign });
  expect(readJwt(token)).toEqual({ header: { alg: "ES256", kid: "ours" }, claims: good });
});

test.each([
  ["password", false],
  ["a.b.c", false],
  ["eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", true],
  ["eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.", true],
  ["eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln.more", false],
])("looksLikeJwt(%p) is %p", (text, want) => {
  expect(looksLikeJwt(text)).toBe(want);
});

function withHeader(token: string, header: Readonly<Record<string, unknown>>): string {
  const [, claims = ""] = token.split(".");
  return assemble(
    JSON.stringify({ alg: "ES256", kid: "ours", ...header }),
    Buffer.from(claims, "base64url").toString(),
  );
}

async function encrypted(): Promise<string> {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return await new EncryptJWT(good)
    .setProtectedHeader({ alg: "ECDH-ES", enc: "A128GCM", kid: "ours" })
    .encrypt(publicKey);
}
