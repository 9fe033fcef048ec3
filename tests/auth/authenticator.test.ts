import { describe, expect, test } from "bun:test";
import { type ApiToken, createSecret, hashSecret } from "../../src/auth/api-tokens.ts";
import { Authenticator, type AuthenticatorOptions } from "../../src/auth/authenticator.ts";
import { PasswordChecker } from "../../src/auth/htpasswd.ts";

const hash = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
const token: ApiToken = { name: "ci", repositories: ["**"], actions: ["pull"], createdMs: 0, expiresMs: 5 };
const secret = createSecret((count) => new Uint8Array(count).fill(7));
const workload = { issuer: "i", name: "job", groups: ["g"], claims: { ref: "main" }, untilMs: 9 };

function authenticator(changes: Partial<AuthenticatorOptions> = {}) {
  const hashes = new Map([["alice", hash]]);
  const tokens = new Map([[hashSecret(secret), token]]);
  const options: AuthenticatorOptions = {
    passwords: { hashes: () => hashes, checker: new PasswordChecker({ now: () => 0 }) },
    apiTokens: { find: (text) => tokens.get(hashSecret(text)), get: (id) => tokens.get(id) },
    verifyWorkload: async (text) => (text.includes("good") ? { workload } : { problem: "no" }),
    verifyOwn: undefined,
    verifyForeign: undefined,
    ...changes,
  };
  return { hashes, tokens, made: new Authenticator(options) };
}

describe("authenticate()", () => {
  test.each<[string, string, string, unknown]>([
    [
      "a user",
      "alice",
      "secret",
      { identity: { kind: "user", name: "alice" }, holder: { kind: "user", name: "alice" } },
    ],
    ["a wrong password", "alice", "wrong", { problem: 'no user "alice" with this password' }],
    ["an API token under any name", "whoever", secret, { identity: { kind: "apiToken", token }, untilMs: 5 }],
    ["a token nobody made", "alice", createSecret((count) => new Uint8Array(count)), { problem: expect.any(String) }],
    [
      "a job",
      "oidc",
      "eyJ.good.x",
      { identity: { kind: "workload", name: "job", claims: { ref: "main" } }, untilMs: 9 },
    ],
    ["a job nobody vouches for", "oidc", "eyJ.bad.x", { problem: "no" }],
  ])("%s", async (_what, username, password, want) => {
    expect(await authenticator().made.authenticate({ username, password })).toMatchObject(want as object);
  });

  test("without users nobody is one", async () => {
    const { made } = authenticator({ passwords: undefined });
    expect(await made.authenticate({ username: "alice", password: "secret" })).toEqual({
      problem: "there are no users",
    });
  });
});

describe("verifyBearer()", () => {
  const access = [{ type: "repository", name: "app", actions: ["pull"] }];

  test("believes a token of ours as long as its credential is valid", async () => {
    let claims: Readonly<Record<string, unknown>> = {};
    const { made, hashes, tokens } = authenticator({ verifyOwn: async () => ({ claims }) });
    const found = await made.authenticate({ username: "alice", password: "secret" });
    if (found === "busy" || "problem" in found) throw new Error("alice is a user");
    const results = [];
    claims = { access, holder: found.holder };
    results.push(await made.verifyBearer("t"));
    hashes.set("alice", await Bun.password.hash("new", { algorithm: "bcrypt", cost: 4 }));
    results.push(await made.verifyBearer("t"));
    claims = { access, holder: { kind: "apiToken", id: hashSecret(secret) } };
    results.push(await made.verifyBearer("t"));
    tokens.clear();
    results.push(await made.verifyBearer("t"));
    claims = { access };
    results.push(await made.verifyBearer("t"));
    expect(results).toMatchObject([
      { caller: { identity: { kind: "user", name: "alice" }, grant: access } },
      { problem: "the credential behind the token is no longer good" },
      { caller: { identity: { kind: "apiToken" }, grant: access } },
      { problem: "the credential behind the token is no longer good" },
      { problem: "the credential behind the token is no longer good" },
    ]);
  });

  test("believes the issuer of auth.token alone where there is one", async () => {
    const { made } = authenticator({
      verifyOwn: async () => ({ claims: { holder: { kind: "anonymous" } } }),
      verifyForeign: async (text) => (text === "good" ? { name: "bob", access } : { problem: "no" }),
    });
    expect([await made.verifyBearer("good"), await made.verifyBearer("own")]).toEqual([
      { caller: { identity: { kind: "bearer", name: "bob" }, grant: access } },
      { problem: "no" },
    ]);
  });

  test("believes none where tokens are not used", async () => {
    expect(await authenticator().made.verifyBearer("t")).toEqual({ problem: "bearer tokens are not accepted here" });
  });
});
