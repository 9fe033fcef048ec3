// Tokens of every kind at the built executable: our own, API tokens, jobs' tokens, and those of another token server.
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { must } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { startOidcIssuer, startTokenIssuer } from "./issuers.ts";

const password = "correct horse";
const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
/** What must appear in no log: filled by the tests. */
const secrets: string[] = [password, hash];
const logs: string[] = [];

type Sections = Readonly<Record<string, unknown>>;

/** A directory with a file of users, and registries that share it. */
function setUp(sections: (htpasswd: string) => Sections) {
  const directory = temporaryDirectory();
  const [htpasswd, file, data] = ["htpasswd", "config.yml", "data"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  mkdirSync(data);
  writeFileSync(htpasswd, `alice:${hash}\nbob:${hash}\n`);
  const storage = { filesystem: { rootdirectory: data }, delete: { enabled: true } };
  const configuration = { version: 0.1, http: { addr: "127.0.0.1:0" }, storage, ...sections(htpasswd) };
  writeFileSync(file, JSON.stringify(configuration));
  return {
    htpasswd,
    start: () => startRegistry({ data, args: [file] }),
    command: (...words: readonly string[]) => must([executable, ...words, file]),
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  };
}

const openAccess = (htpasswd: string): Sections => ({
  auth: { htpasswd: { realm: "test", path: htpasswd } },
  access: {
    anonymous: [{ repositories: ["pub/**"], actions: ["pull"] }],
    rules: [
      { users: ["alice"], repositories: ["**"], actions: ["pull", "push", "delete"] },
      { users: ["bob"], repositories: ["team/**"], actions: ["pull"] },
    ],
  },
});

const basic = (name: string, secret: string) => ({
  Authorization: `Basic ${Buffer.from(`${name}:${secret}`).toString("base64")}`,
});
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

async function status(registry: StartedRegistry, method: string, path: string, headers: Record<string, string> = {}) {
  return (await registry.fetch(path, { method, headers })).status;
}

const push = (registry: StartedRegistry, name: string, headers = {}) =>
  status(registry, "POST", `/v2/${name}/blobs/uploads/`, headers);
const pull = (registry: StartedRegistry, name: string, headers = {}) =>
  status(registry, "GET", `/v2/${name}/manifests/v1`, headers);

interface Tokens {
  readonly token: string;
  readonly access_token: string;
  readonly refresh_token: string;
}

async function getToken(
  registry: StartedRegistry,
  scope: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const query = new URLSearchParams({ service: "registry", scope });
  const { token } = (await (await registry.fetch(`/auth/token?${query}`, { headers })).json()) as Tokens;
  secrets.push(token);
  return token;
}

async function postToken(registry: StartedRegistry, fields: Readonly<Record<string, string>>) {
  const body = new URLSearchParams({ service: "registry", client_id: "test", ...fields }).toString();
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  const response = await registry.fetch("/auth/token", { method: "POST", headers, body });
  return { status: response.status, tokens: (await response.json()) as Tokens };
}

const scope = "repository:team/app:pull,push";

test("a client finds the token server by the challenge, and its token does what the rules allow", async () => {
  using site = setUp(openAccess);
  await using registry = await site.start();
  const challenged = await registry.fetch("/v2/team/app/blobs/uploads/", { method: "POST" });
  expect([challenged.status, challenged.headers.get("www-authenticate")]).toEqual([
    401,
    `Bearer realm="${registry.url}/auth/token",service="registry",scope="repository:team/app:pull,push"`,
  ]);
  const alice = bearer(await getToken(registry, scope, basic("alice", password)));
  const bob = bearer(await getToken(registry, scope, basic("bob", password)));
  const anybody = bearer(await getToken(registry, "repository:pub/app:pull,push"));
  expect({
    ping: [await status(registry, "GET", "/v2/"), await status(registry, "GET", "/v2/", alice)],
    alice: [await push(registry, "team/app", alice), await push(registry, "team/other", alice)],
    bob: [await pull(registry, "team/app", bob), await push(registry, "team/app", bob)],
    anybody: [await pull(registry, "pub/app", anybody), await push(registry, "pub/app", anybody)],
    wrong: await status(registry, "GET", `/auth/token?scope=${scope}`, basic("alice", "wrong")),
    forged: await push(registry, "team/app", bearer(`${(alice.Authorization ?? "").slice(7, -4)}AAAA`)),
  }).toEqual({ ping: [401, 200], alice: [202, 401], bob: [404, 403], anybody: [404, 401], wrong: 401, forged: 401 });
  logs.push(registry.stderr());
});

test("a login by OAuth 2 gets a refresh token, which ends with the password", async () => {
  using site = setUp(openAccess);
  await using registry = await site.start();
  const login = { grant_type: "password", username: "alice", password, access_type: "offline" };
  const { tokens } = await postToken(registry, login);
  const refresh = { grant_type: "refresh_token", refresh_token: tokens.refresh_token, scope };
  const { tokens: fresh } = await postToken(registry, refresh);
  secrets.push(tokens.refresh_token, fresh.access_token);
  const before = [await push(registry, "team/app", bearer(fresh.access_token))];
  const other = await Bun.password.hash("another", { algorithm: "bcrypt", cost: 4 });
  writeFileSync(site.htpasswd, `alice:${other}\n`);
  const after = [
    (await postToken(registry, refresh)).status,
    await push(registry, "team/app", bearer(fresh.access_token)),
  ];
  expect([before, after]).toEqual([[202], [401, 401]]);
  logs.push(registry.stderr());
});

test("an API token counts at once in every process, and no longer when it is revoked", async () => {
  using site = setUp(openAccess);
  await using first = await site.start();
  await using second = await site.start();
  const words = ["--repositories", "team/**", "--actions", "pull,push", "--expires", "1h"];
  const secret = (await site.command("token", "create", "ci", ...words)).trim();
  const token = bearer(await getToken(first, scope, basic("anybody", secret)));
  secrets.push(secret);
  const used = [
    await push(first, "team/app", basic("anybody", secret)),
    await push(second, "team/app", basic("", secret)),
    await push(second, "team/app", token),
    await push(first, "other/app", basic("anybody", secret)),
  ];
  const listed = await site.command("token", "list");
  await site.command("token", "revoke", "ci");
  const revoked = [await push(first, "team/app", basic("anybody", secret)), await push(second, "team/app", token)];
  expect([used, revoked]).toEqual([
    [202, 202, 202, 403],
    [401, 401],
  ]);
  expect(listed).toMatch(/^ci +pull,push +\d{4}-\d\d-\d\d +\d{4}-\d\d-\d\d +team\/\*\*$/m);
  logs.push(first.stderr(), second.stderr());
});

test("a job pushes with the token of its CI system, where a rule names its claims", async () => {
  using issuer = startOidcIssuer();
  using site = setUp((htpasswd) => ({
    auth: { htpasswd: { realm: "test", path: htpasswd } },
    access: {
      oidc: [{ issuer: issuer.url, audience: "registry.test" }],
      rules: [
        { claims: { repository: "acme/app", ref: "main" }, repositories: ["acme/app"], actions: ["pull", "push"] },
      ],
    },
  }));
  await using registry = await site.start();
  const claims = { aud: "registry.test", sub: "job", repository: "acme/app", ref: "main" };
  const job = async (changes = {}) => {
    const token = await issuer.issue({ ...claims, ...changes });
    secrets.push(token);
    return basic("oidc", token);
  };
  expect({
    itsOwn: await push(registry, "acme/app", await job()),
    elsewhere: await push(registry, "acme/other", await job()),
    ofAnotherBranch: await push(registry, "acme/app", await job({ ref: "evil" })),
    forAnotherAudience: await push(registry, "acme/app", await job({ aud: "other.test" })),
    ofAnotherIssuer: await push(registry, "acme/app", await job({ iss: "https://attacker.test" })),
  }).toEqual({ itsOwn: 202, elsewhere: 403, ofAnotherBranch: 403, forAnotherAudience: 401, ofAnotherIssuer: 401 });
  logs.push(registry.stderr());
});

test("tokens of another token server count for what they grant", async () => {
  using issuer = startTokenIssuer({ service: "registry.test" });
  using directory = temporaryDirectory();
  const jwks = join(directory.path, "jwks.json");
  writeFileSync(jwks, issuer.jwks);
  const token = { realm: `${issuer.url}/token`, service: "registry.test", issuer: "issuer.test", jwks };
  using site = setUp(() => ({ auth: { token } }));
  await using registry = await site.start();
  const challenged = await registry.fetch("/v2/team/app/blobs/uploads/", { method: "POST" });
  const asked = new URL(`${issuer.url}/token?scope=${scope}`);
  const { token: text } = (await (await fetch(asked, { headers: basic("alice", "x") })).json()) as Tokens;
  secrets.push(text);
  expect({
    challenge: challenged.headers.get("www-authenticate"),
    ping: [await status(registry, "GET", "/v2/"), await status(registry, "GET", "/v2/", bearer(text))],
    granted: await push(registry, "team/app", bearer(text)),
    elsewhere: await push(registry, "team/other", bearer(text)),
    ours: await status(registry, "GET", "/auth/token"),
  }).toEqual({
    challenge: `Bearer realm="${issuer.url}/token",service="registry.test",scope="${scope}"`,
    ping: [401, 200],
    granted: 202,
    elsewhere: 401,
    ours: 404,
  });
  logs.push(registry.stderr());
});

afterAll(() => {
  const log = logs.join("");
  expect(log).toContain("/v2/team/app");
  expect(secrets.filter((secret) => log.includes(secret))).toEqual([]);
});
