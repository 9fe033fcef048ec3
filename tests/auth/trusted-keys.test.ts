import { expect, test } from "bun:test";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { signingAlgorithms, verifyJwt } from "../../src/auth/jwt.ts";
import { libtrustKeyId, parseJwks, readTrustedKeys } from "../../src/auth/trusted-keys.ts";
import { type CertificatePair, createAuthority, issueServerCertificate } from "../../src/tls/self-signed.ts";
import { ecKey, formatJwks, signToken, type TestKey } from "./signed-token.ts";

const nowMs = Date.now();
const dayMs = 24 * 3_600_000;

async function makeAuthority(): Promise<{ readonly root: CertificatePair; readonly leaf: CertificatePair }> {
  const root = await createAuthority({ hostName: "issuer.test", key: "ecdsa", nowMs });
  const names = [{ kind: "dns" as const, value: "issuer.test" }];
  return { root, leaf: await issueServerCertificate(root, { names, key: "ecdsa", days: 10, nowMs }) };
}

const trusted = await makeAuthority();
const foreign = await makeAuthority();
const leafIssued = await (async () => {
  const names = [{ kind: "dns" as const, value: "below.test" }];
  return issueServerCertificate(trusted.leaf, { names, key: "ecdsa", days: 5, nowMs });
})();

function keyOf({ keyPem }: CertificatePair, kid = ""): TestKey {
  return { kid, privateKey: createPrivateKey(keyPem), publicKey: createPublicKey(keyPem) };
}

function der({ certificatePem }: CertificatePair): string {
  return new X509Certificate(certificatePem).raw.toString("base64");
}

const claims = { iss: "issuer.test", aud: "registry.test", sub: "alice" };

async function isBelieved(token: Promise<string>, bundle: string, atMs = nowMs): Promise<boolean> {
  const keys = readTrustedKeys({ rootCertBundle: bundle });
  const result = await verifyJwt(await token, {
    issuer: "issuer.test",
    audience: "registry.test",
    algorithms: signingAlgorithms,
    findKey: (header) => keys.find(header, atMs),
    now: () => atMs,
  });
  return "claims" in result;
}

function sign(pair: CertificatePair, header: Readonly<Record<string, unknown>>, atMs = nowMs): Promise<string> {
  return signToken({ ...claims, exp: Math.floor(atMs / 1000) + 60 }, { key: keyOf(pair), header });
}

const bundle = trusted.root.certificatePem;
const { root, leaf } = trusted;

test.each([
  ["by a certificate that an authority of the bundle issued", sign(leaf, { x5c: [der(leaf)] }), true],
  ["by the same, with the authority", sign(leaf, { x5c: [der(leaf), der(root)] }), true],
  ["by a certificate of the bundle", sign(root, { x5c: [der(root)] }), true],
  ["by libtrust's name of a key", sign(root, { kid: libtrustKeyId(keyOf(root).publicKey) }), true],
  ["by another authority's certificate", sign(foreign.leaf, { x5c: [der(foreign.leaf)] }), false],
  ["by the same, with its authority", sign(foreign.leaf, { x5c: [der(foreign.leaf), der(foreign.root)] }), false],
  ["by the same, behind one that is trusted", sign(foreign.leaf, { x5c: [der(leaf)] }), false],
  [
    "by a certificate that one without the right to issue signed",
    sign(leafIssued, { x5c: [der(leafIssued), der(leaf)] }),
    false,
  ],
  ["by nobody's certificate", sign(leaf, { x5c: [] }), false],
  ["with a chain that is none", sign(root, { x5c: "x", kid: libtrustKeyId(keyOf(root).publicKey) }), false],
  ["with a chain of numbers", sign(root, { x5c: [1] }), false],
])("of a bundle, a token signed %s: %p", async (_, token, want) => {
  expect(await isBelieved(token, bundle)).toBe(want as boolean);
});

test("a certificate below the bundle's own that may not issue is refused", async () => {
  expect(await isBelieved(sign(leafIssued, { x5c: [der(leafIssued)] }), leaf.certificatePem)).toBe(false);
});

test("a chain counts only while its certificates are valid", async () => {
  const late = nowMs + 11 * dayMs;
  const token = sign(leaf, { x5c: [der(leaf)] }, late);
  expect([await isBelieved(token, bundle, late), await isBelieved(token, bundle, nowMs - 2 * dayMs)]).toEqual([
    false,
    false,
  ]);
});

test("a key of a bundle is found by its name of RFC 7638", async () => {
  const key = keyOf(root);
  const { crv, kty, x, y } = key.publicKey.export({ format: "jwk" });
  const kid = new Bun.CryptoHasher("sha256").update(JSON.stringify({ crv, kty, x, y })).digest("base64url");
  expect(await isBelieved(sign(root, { kid }), bundle)).toBe(true);
});

test("libtrustKeyId() is twelve groups of four letters", () => {
  expect(libtrustKeyId(ecKey("").publicKey)).toMatch(/^([A-Z2-7]{4}:){11}[A-Z2-7]{4}$/);
});

const [first, second] = [ecKey("first"), ecKey("second")];

test.each([
  ["every key", formatJwks([first, second]), ["first", "second"]],
  ["no key without a name", formatJwks([{ ...first, kid: "" }]), []],
  ["no secret", JSON.stringify({ keys: [{ kty: "oct", k: "AAAA", kid: "secret" }, null, "x"] }), []],
  ["no key for encryption", formatJwks([first]).replace('"kty"', '"use":"enc","kty"'), []],
  ["no key that is broken", formatJwks([first]).replace("P-256", "P-999"), []],
])("parseJwks() takes %s", (_, text, want) => {
  expect([...parseJwks(text).keys()]).toEqual(want);
});

test("parseJwks() keeps what a key is for", () => {
  const text = formatJwks([first]).replace('"kty"', '"alg":"ES256","kty"');
  expect(parseJwks(text).get("first")?.algorithm).toBe("ES256");
});

test.each([["{}"], ["[]"], ["null"], ["-----BEGIN CERTIFICATE-----"]])("parseJwks() refuses %p", (text) => {
  expect(() => parseJwks(text)).toThrow(SyntaxError);
});

test.each([
  [{ rootCertBundle: "# nothing" }],
  [{ rootCertBundle: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" }],
  [{ jwks: "{}" }],
  [{ jwks: '{"keys":[]}' }],
  [{ jwks: '{"keys":[{"kty":"oct","k":"AAAA","kid":"x"}]}' }],
])("readTrustedKeys() refuses %j, which has no key", (sources) => {
  expect(() => readTrustedKeys(sources)).toThrow(SyntaxError);
});
