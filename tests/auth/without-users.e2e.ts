// Registries that keep no passwords: CI jobs with their tokens, machines with API tokens, and the keys of another token
// server that change while the registry runs.
import { expect, test } from "bun:test";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, type StartedRegistry, startRegistry } from "../e2e/executable.ts";
import { must, waitUntil } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { startOidcIssuer } from "./issuers.ts";
import { ecKey, formatJwks, signToken, type TestKey } from "./signed-token.ts";

/** Writes a configuration with these sections; what starts a registry with it. */
function setUp(directory: string, sections: object) {
  const [data, file] = [join(directory, "data"), join(directory, "config.yml")];
  const storage = { filesystem: { rootdirectory: data } };
  writeFileSync(file, JSON.stringify({ version: 0.1, http: { addr: "127.0.0.1:0" }, storage, ...sections }));
  return { file, start: () => startRegistry({ data, args: [file] }) };
}

const basic = (name: string, secret: string) => `Basic ${btoa(`${name}:${secret}`)}`;

async function push(registry: StartedRegistry, name: string, authorization?: string): Promise<number> {
  const headers: Record<string, string> = authorization === undefined ? {} : { Authorization: authorization };
  return (await registry.fetch(`/v2/${name}/blobs/uploads/`, { method: "POST", headers })).status;
}

test.each([
  ["a Basic challenge", {}, /^Basic realm="registry"/],
  ["tokens of ours", { tokens: true }, /^Bearer realm="http:\/\/127\.0\.0\.1:\d+\/auth\/token"/],
])("CI jobs log in where nobody else does, with %s", async (_what, more, challenge) => {
  using issuer = startOidcIssuer();
  using directory = temporaryDirectory();
  const oidc = [{ issuer: issuer.url, audience: "registry.test" }];
  const rules = [{ claims: { repository: "acme/app" }, repositories: ["acme/app"], actions: ["pull", "push"] }];
  await using registry = await setUp(directory.path, { access: { oidc, rules, ...more } }).start();
  const job = basic("oidc", await issuer.issue({ aud: "registry.test", sub: "job", repository: "acme/app" }));
  const ping = await registry.fetch("/v2/");
  const scope = "repository:acme/app:push";
  const asked = await registry.fetch(`/auth/token?scope=${scope}`, { headers: { Authorization: job } });
  const { token } = asked.ok ? ((await asked.json()) as { readonly token: string }) : { token: undefined };
  expect({
    challenge: [ping.status, ping.headers.get("www-authenticate")],
    basic: [await push(registry, "acme/app", job), await push(registry, "acme/other", job)],
    token: token === undefined ? [asked.status] : [200, await push(registry, "acme/app", `Bearer ${token}`)],
    nobody: await push(registry, "acme/app"),
    aGuess: await push(registry, "acme/app", basic("docker", "guess")),
  }).toEqual({
    challenge: [401, expect.stringMatching(challenge)],
    basic: [202, 403],
    token: "tokens" in more ? [200, 202] : [404],
    nobody: 401,
    aGuess: 401,
  });
  expect(registry.stdout()).toContain("The jobs of access.oidc log in with their tokens; anybody else may do nothing.");
});

test("machines log in with API tokens where the file of users is empty", async () => {
  using directory = temporaryDirectory();
  const users = join(directory.path, "users");
  writeFileSync(users, "");
  const site = setUp(directory.path, { auth: { htpasswd: { path: users } } });
  await using registry = await site.start();
  const secret = await must([
    executable,
    "token",
    "create",
    "ci",
    "--repositories",
    "**",
    "--actions",
    "push",
    site.file,
  ]);
  expect([
    await push(registry, "team/app", basic("ci", secret.trim())),
    await push(registry, "team/app", basic("docker", "guess")),
  ]).toEqual([202, 401]);
});

test("changed keys of another token server count without a restart, and a broken file changes nothing", async () => {
  using directory = temporaryDirectory();
  const jwks = join(directory.path, "jwks.json");
  const write = (text: string) => {
    writeFileSync(`${jwks}.new`, text);
    renameSync(`${jwks}.new`, jwks);
  };
  const [old, young] = [ecKey("old"), ecKey("young")];
  write(formatJwks([old]));
  const token = { realm: "http://issuer.test/token", service: "registry.test", issuer: "issuer.test", jwks };
  await using registry = await setUp(directory.path, { auth: { token } }).start();
  const access = [{ type: "repository", name: "team/app", actions: ["pull", "push"] }];
  const exp = Math.floor(Date.now() / 1000) + 300;
  const pushAs = async (key: TestKey, more: Readonly<Record<string, unknown>> = {}) => {
    const claims = { iss: "issuer.test", aud: "registry.test", sub: "alice", exp, access, ...more };
    const signed = await signToken(claims, { key });
    return await push(registry, "team/app", `Bearer ${signed}`);
  };
  const both = async () => [await pushAs(old), await pushAs(young)];
  const seen = [await both()];
  write(formatJwks([young]));
  seen.push(await both());
  write("{");
  seen.push(await both(), await both());
  const problems = () => registry.stderr().match(/the keys of auth\.token cannot be read again/g)?.length ?? 0;
  await waitUntil("the broken file is told", () => problems() === 1);
  process.kill(registry.pid, "SIGHUP");
  await waitUntil("the broken file is told again", () => problems() === 2);
  write(formatJwks([old]));
  seen.push(await both());
  const padded = (count: number) => pushAs(old, { padding: "x".repeat(count) });
  expect([await padded(11_500), await padded(12_500)]).toEqual([202, 401]);
  expect(seen).toEqual([
    [202, 401],
    [401, 202],
    [401, 202],
    [401, 202],
    [202, 401],
  ]);
});

test("without a configuration file the first user counts after SIGHUP", async () => {
  await using registry = await startRegistry();
  const passwd = [executable, "passwd", "alice", "--password-stdin", "--data", registry.data];
  const before = await push(registry, "team/app");
  await must(["sh", "-c", 'echo secret | "$@"', "sh", ...passwd]);
  process.kill(registry.pid, "SIGHUP");
  await waitUntil("a login is asked for", async () => (await push(registry, "team/app")) === 401);
  expect([before, await push(registry, "team/app", basic("alice", "secret"))]).toEqual([202, 202]);
  await waitUntil("the log tells of it", () =>
    registry.stderr().includes("there are users now, and everybody has to log in"),
  );
});
