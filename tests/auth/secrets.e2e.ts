// Logins of every kind, right and wrong; then everything that the registry wrote or said is searched for what was secret.
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, startRegistry } from "../e2e/executable.ts";
import { must } from "../e2e/program.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { startOidcIssuer } from "./issuers.ts";

const password = "correct-horse-battery";
const guess = "hunter2-hunter2-hunter2";

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { port = 0 } = server;
  await server.stop(true);
  return port;
}

function filesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile());
}

test("no log, audit log, metric, answer, file of the store or command line has a secret", async () => {
  using issuer = startOidcIssuer();
  using directory = temporaryDirectory();
  const [data, users, file, audit] = ["data", "users", "config.yml", "audit.log"].map((name) =>
    join(directory.path, name),
  ) as [string, string, string, string];
  const hash = await Bun.password.hash(password, { algorithm: "bcrypt", cost: 4 });
  writeFileSync(users, `alice:${hash}\n`);
  const debug = `127.0.0.1:${await freePort()}`;
  const configuration = {
    version: 0.1,
    log: { level: "debug", audit },
    http: { debug: { addr: debug, prometheus: { enabled: true } } },
    storage: { filesystem: { rootdirectory: data } },
    auth: { htpasswd: { path: users } },
    access: {
      tokens: true,
      oidc: [{ issuer: issuer.url, audience: "registry.test" }],
      rules: [{ users: ["alice"], repositories: ["team/**"], actions: ["pull", "push"] }],
    },
  };
  writeFileSync(file, JSON.stringify(configuration));
  await using registry = await startRegistry({ data, args: [file] });
  const said: string[] = [];
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await registry.fetch(path, init);
    const text = await response.text();
    said.push(JSON.stringify([...response.headers]), response.ok && path.startsWith("/auth/token") ? "" : text);
    return { status: response.status, text };
  };
  const push = async (authorization: string) =>
    (await ask("/v2/team/app/blobs/uploads/", { method: "POST", headers: { Authorization: authorization } })).status;
  const basic = (name: string, secret: string) => `Basic ${btoa(`${name}:${secret}`)}`;
  const getTokens = async (fields: Readonly<Record<string, string>>) => {
    const shared = { service: "registry", client_id: "test", scope: "repository:team/app:push" };
    const body = new URLSearchParams({ ...shared, ...fields });
    const { text } = await ask("/auth/token", { method: "POST", body });
    return JSON.parse(text) as { readonly access_token: string; readonly refresh_token: string };
  };

  const login = { grant_type: "password", username: "alice", access_type: "offline" };
  const first = await getTokens({ ...login, password });
  const second = await getTokens({ grant_type: "refresh_token", refresh_token: first.refresh_token });
  const create = ["token", "create", "ci", "--repositories", "team/**", "--actions", "push"];
  const apiToken = (await must([executable, ...create, file])).trim();
  const job = await issuer.issue({ aud: "registry.test", sub: "job" });
  const forged = `${second.access_token.slice(0, -8)}AAAAAAAA`;
  const stranger = await issuer.issue({ aud: "other.test", sub: "job" });
  const statuses = [
    await push(basic("alice", password)),
    await push(`Bearer ${second.access_token}`),
    await push(basic("ci", apiToken)),
    await push(basic("oidc", job)),
    await push(basic("oidc", stranger)),
    await push(basic("alice", guess)),
    await push(`Bearer ${forged}`),
    await push(`Basic ${guess}`),
    await push(`Digest ${guess}`),
    (await ask("/auth/token", { method: "POST", body: new URLSearchParams({ ...login, password: guess }) })).status,
  ];
  expect(statuses).toEqual([202, 202, 202, 403, 401, 401, 401, 401, 401, 401]);
  await must([executable, "token", "revoke", "ci", file]);
  expect(await push(basic("ci", apiToken))).toBe(401);

  const written = {
    log: registry.stdout() + registry.stderr(),
    audit: readFileSync(audit, "utf8"),
    metrics: await (await fetch(`http://${debug}/metrics`)).text(),
    answers: said.join("\n"),
    store: filesBelow(data)
      .map((path) => readFileSync(path, "latin1"))
      .join("\n"),
    commandLine: readFileSync(`/proc/${registry.pid}/cmdline`, "utf8"),
  };
  expect(Object.entries(written).filter(([, text]) => text === "")).toEqual([]);
  expect(written.log).toContain("/v2/team/app");
  const tokens = [first.access_token, first.refresh_token, second.access_token, forged, job, stranger, apiToken];
  // The end of a token is its signature, which alone makes it one.
  const ends = tokens.map((token) => token.slice(-30));
  const secrets = [password, guess, hash, ...ends, btoa(`alice:${password}`), btoa(`alice:${guess}`)];
  const found = Object.entries(written).flatMap(([what, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${what}: ${secret}`),
  );
  expect(found).toEqual([]);
});
