import { expect, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { looksLikeJwt, readJwt, type SigningAlgorithm, signingAlgorithms, verifyJwt } from "../../src/auth/jwt.ts";
import { readTrustedKeys } from "../../src/auth/trusted-keys.ts";
import { forgeTokens } from "./forged-tokens.ts";
import { ecKey, formatJwks, signToken, type TestKey } from "./signed-token.ts";

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

test.each([
  ["as it should be", {}],
  ["for several audiences", { aud: ["other", "registry.test"] }],
  ["expired within the skew of the clocks", { exp: nowSeconds - 59 }],
  ["not valid yet, within the skew", { nbf: nowSeconds + 59 }],
])("verifyJwt() believes a token %s", async (_, changes) => {
  const claims = { ...good, ...changes };
  expect(await verify(await signToken(claims, { key: ours }))).toEqual({ claims });
});

const genuine = { ours, good, nowSeconds, marginSeconds: 1, attacker: "https://attacker.test" };

/** The best of some times: other work on the machine is not the token's. */
async function bestMs(work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const startedMs = performance.now();
    await work();
    best = Math.min(best, performance.now() - startedMs);
  }
  return best;
}

test.each(forgeTokens(genuine))("verifyJwt() refuses a token %s, and at once", async (_, token) => {
  const text = await token;
  const honest = await signToken(good, { key: ours });
  const forgedMs = await bestMs(async () => expect(await verify(text)).toEqual({ problem: expect.any(String) }));
  // No forgery costs much more than a token that is right, however slow the machine.
  if (forgedMs >= 50) expect(forgedMs).toBeLessThan(20 * (await bestMs(() => verify(honest))));
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
