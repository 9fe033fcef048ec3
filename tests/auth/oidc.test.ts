import { expect, test } from "bun:test";
import { isTrustworthyUrl, type OidcIssuer, OidcVerifier } from "../../src/auth/oidc.ts";
import { ecKey, formatJwks, signToken, type TestKey } from "./signed-token.ts";

const startMs = 1_800_000_000_000;
const issuer = "https://ci.test";
const configured: OidcIssuer = { issuer, audience: "registry.test", claims: { name: "sub", groups: "teams" } };
const claims = {
  iss: issuer,
  aud: "registry.test",
  exp: startMs / 1000 + 300,
  sub: "repo:acme/app:ref:refs/heads/main",
  repository: "acme/app",
  teams: ["devs", 1, "ops"],
};

/** An issuer with keys that can change, its clock, and what it was asked. */
function setUp(issuers: readonly OidcIssuer[] = [configured]) {
  const first = ecKey("first");
  const site = {
    keys: [first] as readonly TestKey[],
    document: JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }),
    isDown: false,
    asked: [] as string[],
    nowMs: startMs,
  };
  const fetchText = async (url: string) => {
    site.asked.push(url);
    if (site.isDown) throw new Error("down");
    return url.endsWith("/keys") ? formatJwks(site.keys) : site.document;
  };
  const verifier = new OidcVerifier(issuers, { fetchText, now: () => site.nowMs });
  const isBelieved = async (key: TestKey, changes = {}) =>
    "workload" in
    (await verifier.verify(await signToken({ ...claims, exp: site.nowMs / 1000 + 300, ...changes }, { key })));
  return { site, verifier, first, isBelieved };
}

test("a job's token tells its name, groups, claims and end", async () => {
  const { verifier, first, site } = setUp();
  expect(await verifier.verify(await signToken(claims, { key: first }))).toEqual({
    workload: {
      issuer,
      name: "repo:acme/app:ref:refs/heads/main",
      groups: ["devs", "ops"],
      claims: { ...claims, teams: ["devs", 1, "ops"] },
      untilMs: startMs + 300_000,
    },
  });
  expect(site.asked).toEqual([`${issuer}/.well-known/openid-configuration`, `${issuer}/keys`]);
});

test.each([
  ["for another audience", { aud: "elsewhere.test" }],
  ["that expired", { exp: startMs / 1000 - 61 }],
  ["without a name", { sub: undefined }],
  ["with an empty name", { sub: "" }],
  ["with a name that is no text", { sub: ["alice"] }],
  ["with a name over two lines", { sub: "alice\nbob" }],
  ["with a name that is too long", { sub: "x".repeat(256) }],
])("a token %s is not believed", async (_, changes) => {
  const { isBelieved, first } = setUp();
  expect(await isBelieved(first, changes)).toBe(false);
});

test("the token of an issuer that is not configured costs no request", async () => {
  const { isBelieved, first, site, verifier } = setUp();
  expect(await verifier.verify(await signToken({ ...claims, iss: "https://ci.test/" }, { key: first }))).toEqual({
    problem: "the token is from an issuer that is not configured",
  });
  const others = ["https://ci.test/", "https://ci.test.attacker.test", "__proto__", ["https://ci.test"], undefined];
  for (const iss of others) expect(await isBelieved(first, { iss })).toBe(false);
  expect(site.asked).toEqual([]);
});

test("what is no token costs no request", async () => {
  const { verifier, site } = setUp();
  expect(await verifier.verify("password")).toEqual({ problem: "this is not a signed token" });
  expect(site.asked).toEqual([]);
});

test("one issuer may be configured for several audiences", async () => {
  const { isBelieved, first } = setUp([configured, { ...configured, audience: "second.test" }]);
  expect([await isBelieved(first), await isBelieved(first, { aud: "second.test" })]).toEqual([true, true]);
});

test("a group may be a text alone, and without a claim for groups there are none", async () => {
  const groupsOf = async (groups: string | undefined) => {
    const { verifier, first } = setUp([{ ...configured, claims: { name: "sub", groups } }]);
    const result = await verifier.verify(await signToken({ ...claims, teams: "devs" }, { key: first }));
    return "workload" in result ? result.workload.groups : undefined;
  };
  expect([await groupsOf("teams"), await groupsOf(undefined), await groupsOf("missing")]).toEqual([["devs"], [], []]);
});

test("keys are asked for again when a token names an unknown one, at most once a minute", async () => {
  const { isBelieved, first, site } = setUp();
  const second = ecKey("second");
  await isBelieved(first);
  site.keys = [first, second];
  site.asked = [];
  const early = [await isBelieved(second), site.asked.length];
  site.nowMs += 60_000;
  const late = [await isBelieved(second), site.asked.length];
  for (let count = 0; count < 20; count += 1) await isBelieved(ecKey(`made-up-${count}`));
  expect([early, late, site.asked.length]).toEqual([[false, 0], [true, 2], 2]);
});

test("many tokens at once are one question", async () => {
  const { isBelieved, first, site } = setUp();
  const believed = await Promise.all(Array.from({ length: 20 }, () => isBelieved(first)));
  expect([believed.every(Boolean), site.asked.length]).toEqual([true, 2]);
});

test("a key that the issuer has withdrawn is believed for an hour", async () => {
  const { isBelieved, first, site } = setUp();
  await isBelieved(first);
  site.keys = [ecKey("second")];
  site.nowMs += 3_600_000;
  const within = await isBelieved(first);
  site.nowMs += 1;
  expect([within, await isBelieved(first)]).toEqual([true, false]);
});

test("while the issuer is away its keys are believed for a day", async () => {
  const { isBelieved, first, site } = setUp();
  await isBelieved(first);
  site.isDown = true;
  site.nowMs += 24 * 3_600_000;
  const within = await isBelieved(first);
  site.nowMs += 10_000;
  expect([within, await isBelieved(first)]).toEqual([true, false]);
});

test("an issuer that was never reached is a failure, and is asked again soon", async () => {
  const { isBelieved, first, site } = setUp();
  site.isDown = true;
  await expect(isBelieved(first)).rejects.toThrow("down");
  site.isDown = false;
  const early = await isBelieved(first);
  site.nowMs += 10_000;
  expect([early, await isBelieved(first)]).toEqual([false, true]);
});

test.each([
  ["is about another issuer", JSON.stringify({ issuer: "https://attacker.test", jwks_uri: `${issuer}/keys` })],
  ["is no JSON", "<html>"],
  ["is null", "null"],
  ["names no place for keys", JSON.stringify({ issuer })],
  ["names a place without TLS", JSON.stringify({ issuer, jwks_uri: "http://ci.test/keys" })],
  ["names a file", JSON.stringify({ issuer, jwks_uri: "file:///keys" })],
])("an issuer whose document %s has no keys", async (_, document) => {
  const { isBelieved, first, site } = setUp();
  site.document = document;
  await expect(isBelieved(first)).rejects.toThrow();
});

test("the document of an issuer with a slash at its end is where others have theirs", async () => {
  const { site, isBelieved, first } = setUp([{ ...configured, issuer: `${issuer}/` }]);
  site.document = JSON.stringify({ issuer: `${issuer}/`, jwks_uri: `${issuer}/keys` });
  expect(await isBelieved(first, { iss: `${issuer}/` })).toBe(true);
  expect(site.asked[0]).toBe(`${issuer}/.well-known/openid-configuration`);
});

test.each([
  ["https://token.actions.githubusercontent.com", true],
  ["https://10.0.0.1:6443/path", true],
  ["http://127.0.0.1:8080", true],
  ["http://localhost/realms/x", true],
  ["http://[::1]:1", true],
  ["http://ci.test", false],
  ["http://127.0.0.1.attacker.test", false],
  ["http://localhost.attacker.test", false],
  ["https://user:secret@ci.test", false],
  ["ftp://localhost", false],
  ["ci.test", false],
])("isTrustworthyUrl(%p) is %p", (text, want) => {
  expect(isTrustworthyUrl(text)).toBe(want);
});
