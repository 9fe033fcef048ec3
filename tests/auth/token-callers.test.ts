import { expect, test } from "bun:test";
import { parseAccessClaim } from "../../src/auth/access-claim.ts";
import type { ApiToken } from "../../src/auth/api-tokens.ts";
import type { LoggedIn } from "../../src/auth/authenticator.ts";
import type { Holder } from "../../src/auth/holder.ts";
import type { Identity } from "../../src/auth/identity.ts";
import { verifyAccessToken } from "../../src/auth/own-tokens.ts";
import { type AccessRules, Policy } from "../../src/auth/policy.ts";
import { createSigningKey } from "../../src/auth/signing-keys.ts";
import { createTokenServer } from "../../src/auth/token-callers.ts";
import type { TokenRequest } from "../../src/auth/token-request.ts";
import { RegistryError } from "../../src/oci/errors.ts";

const nowMs = 1_800_000_000_000;
const key = createSigningKey(nowMs);
const apiToken: ApiToken = {
  name: "ci",
  repositories: ["team/**"],
  actions: ["pull"],
  createdMs: 0,
  expiresMs: nowMs + 120_000,
};
const workload = { kind: "workload", name: "job", groups: ["ci"], claims: {} } as const;
const logins: Readonly<Record<string, LoggedIn>> = {
  alice: {
    identity: { kind: "user", name: "alice" },
    holder: { kind: "user", name: "alice", credential: "x" },
    untilMs: undefined,
  },
  token: {
    identity: { kind: "apiToken", token: apiToken },
    holder: { kind: "apiToken", id: "x" },
    untilMs: apiToken.expiresMs,
  },
  job: { identity: workload, holder: workload, untilMs: nowMs + 60_000 },
};

const rules: AccessRules = {
  anonymous: [{ repositories: ["pub/*"], actions: ["pull"] }],
  groups: {},
  rules: [
    { users: ["alice"], groups: [], claims: {}, repositories: ["team/**"], actions: ["pull", "push"] },
    { users: [], groups: ["ci"], claims: {}, repositories: ["team/app"], actions: ["push"] },
  ],
};

/** A token server; `ask` gives whom the token is of, what it grants and how long it lives. */
function setUp(changes: Partial<AccessRules> = {}) {
  const gone = new Set<Holder["kind"]>();
  const options = { keys: { current: async () => key, find: () => key }, now: () => nowMs, uuid: () => "id" };
  const server = createTokenServer({
    ...options,
    login: async ({ username }, remote) => {
      const login = logins[username];
      if (login === undefined) throw new RegistryError("UNAUTHORIZED", { message: remote });
      return login;
    },
    recall: (holder): Identity | undefined =>
      gone.has(holder.kind)
        ? undefined
        : Object.values(logins).find((login) => login.holder.kind === holder.kind)?.identity,
    policy: () => new Policy({ ...rules, ...changes }),
  });
  const ask = async (by: TokenRequest["by"], scopes: TokenRequest["scopes"]) => {
    const answer = await server({ service: "registry", scopes, by, isOffline: true }, "192.0.2.1");
    const verified = await verifyAccessToken(answer.token, options);
    if ("problem" in verified) throw new Error(verified.problem);
    const access = parseAccessClaim(verified.claims.access);
    return { name: verified.claims.sub, access, seconds: answer.lifetimeSeconds, refreshToken: answer.refreshToken };
  };
  return { ask, gone };
}

const login = (username: string) => ({ credentials: { username, password: "x" } });
const scope = (name: string, actions: readonly string[] = ["pull", "push", "delete"]) => ({
  type: "repository",
  name,
  actions,
});

test.each([
  ["a user", login("alice"), scope("team/app"), "alice", ["pull", "push"]],
  ["an API token", login("token"), scope("team/app"), "token:ci", ["pull"]],
  ["a job", login("job"), scope("team/app"), "oidc:job", ["push"]],
  ["an anonymous caller", { credentials: undefined }, scope("pub/app"), "", ["pull"]],
  ["a user who asks for all", login("alice"), scope("team/app", ["*"]), "alice", ["pull", "push"]],
])("%s is granted what the rules allow", async (_, by, asked, name, actions) => {
  expect(await setUp().ask(by, [asked])).toMatchObject({ name, access: [{ ...asked, actions }] });
});

test.each([
  ["another's repository", login("alice"), scope("other/app")],
  ["a name that only begins alike", login("alice"), scope("team2/app")],
  ["a name that is none", login("alice"), scope("Team/../app")],
  ["a type that is not known", login("alice"), { ...scope("team/app"), type: "repository2" }],
  ["a push, without credentials", { credentials: undefined }, scope("pub/app", ["push"])],
  ["what only a user may, without credentials", { credentials: undefined }, scope("team/app")],
])("nothing is granted for %s", async (_, by, asked) => {
  expect(await setUp().ask(by, [asked])).toMatchObject({ access: [] });
});

test("everybody may ask for the catalog", async () => {
  const catalog = { type: "registry", name: "catalog", actions: ["*"] };
  expect(await setUp().ask({ credentials: undefined }, [catalog])).toMatchObject({ access: [catalog] });
});

test("a token lives no longer than the credentials, and a job gets no refresh token", async () => {
  const { ask } = setUp();
  const answers = await Promise.all(["alice", "token", "job"].map((name) => ask(login(name), [])));
  expect(answers.map(({ seconds, refreshToken }) => [seconds, refreshToken !== undefined])).toEqual([
    [300, true],
    [120, true],
    [60, false],
  ]);
});

test.each([
  ["user", "alice"],
  ["apiToken", "token"],
] as const)("a refresh token of a holder of the kind %s serves until the credential is gone", async (kind, name) => {
  const { ask, gone } = setUp();
  const { refreshToken = "" } = await ask(login(name), []);
  const { access } = await ask({ refreshToken }, [scope("team/app", ["pull"])]);
  gone.add(kind);
  expect(access).toEqual([scope("team/app", ["pull"])]);
  await expect(ask({ refreshToken }, [])).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

test("without rights for anonymous callers there is no anonymous token", async () => {
  const asking = setUp({ anonymous: [] }).ask({ credentials: undefined }, [scope("pub/app")]);
  await expect(asking).rejects.toMatchObject({ code: "UNAUTHORIZED" });
});

test("a login is told the caller's address", async () => {
  await expect(setUp().ask(login("mallory"), [])).rejects.toMatchObject({ message: "192.0.2.1" });
});
