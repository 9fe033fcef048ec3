// The read API of the executable with access control on: who sees what, who deletes what, and what others are told of it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { executable, type StartedRegistry, startRegistry } from "../../e2e/executable.ts";
import { run } from "../../e2e/program.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const users = ["alice", "bob", "carol"] as const;
const resources = new AsyncDisposableStack();
let registry: StartedRegistry;
let audit: string;

const basic = (name: string) => ({ Authorization: `Basic ${btoa(`${name}:${name}-password`)}` });

beforeAll(async () => {
  const directory = resources.use(temporaryDirectory());
  const [data, htpasswd, file] = ["data", "users", "config.yml"].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  audit = join(directory.path, "audit.log");
  const lines = users.map(
    async (name) => `${name}:${await Bun.password.hash(`${name}-password`, { algorithm: "bcrypt", cost: 4 })}`,
  );
  writeFileSync(htpasswd, `${(await Promise.all(lines)).join("\n")}\n`);
  const everything = ["pull", "push", "delete"];
  const configuration = {
    version: 0.1,
    log: { audit },
    http: { tls: { selfsigned: {} } },
    storage: { filesystem: { rootdirectory: data }, delete: { enabled: true } },
    gc: { interval: "24h", grace: "24h" },
    auth: { htpasswd: { realm: "registry", path: htpasswd } },
    access: {
      tokens: true,
      anonymous: [{ repositories: ["pub/**"], actions: ["pull"] }],
      rules: [
        { users: ["alice"], repositories: ["**"], actions: everything },
        { users: ["bob"], repositories: ["team/**"], actions: everything },
        { users: ["carol"], repositories: ["team/**"], actions: ["pull"] },
      ],
      immutable: [{ repositories: ["**"], tags: ["v*"] }],
    },
  };
  writeFileSync(file, JSON.stringify(configuration));
  registry = resources.use(await startRegistry({ data, args: [file] }));
  for (const name of ["team/app", "team/tool", "pub/app", "secret/app"]) await push(name, "latest", "content");
});

afterAll(() => resources.disposeAsync());

async function push(name: string, reference: string, text: string): Promise<string> {
  const headers = basic("alice");
  const digest = `sha256:${Bun.CryptoHasher.hash("sha256", text, "hex")}`;
  await registry.fetch(`/v2/${name}/blobs/uploads/?digest=${digest}`, { method: "POST", headers, body: text });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest, size: text.length };
  const body = JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [] });
  const init = { method: "PUT", headers: { ...headers, "Content-Type": mediaType }, body };
  const response = await registry.fetch(`/v2/${name}/manifests/${reference}`, init);
  expect(response.status).toBe(201);
  return response.headers.get("docker-content-digest") ?? "";
}

/** What of the answers is looked at one by one. */
interface Answer {
  readonly repositories: readonly { readonly name: string }[];
  readonly components: readonly { readonly component: string }[];
  readonly next: string | null;
  readonly certificate: { readonly fingerprint: string; readonly authorityFingerprint: string };
  readonly cached: unknown;
  readonly check: { readonly last: unknown };
  readonly tags: readonly { readonly tag: string }[];
  readonly total: number;
  readonly errors: unknown;
  readonly freed: { readonly from: string };
}

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await registry.fetch(`/-/api/v1/${path}`, { headers });
  return {
    status: response.status,
    challenge: response.headers.get("www-authenticate"),
    ...((await response.json()) as Answer),
  };
}

async function post(path: string, body: unknown, headers: Record<string, string>) {
  const init = {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body: JSON.stringify(body),
  };
  const response = await registry.fetch(`/-/api/v1/${path}`, init);
  return { status: response.status, ...((await response.json()) as Answer) };
}

/** A token of our own token server, as the page gets it. */
async function tokenFor(name: string, ...scopes: readonly string[]): Promise<Record<string, string>> {
  const query = new URLSearchParams({ service: "registry" });
  for (const scope of scopes) query.append("scope", scope);
  const response = await registry.fetch(`/auth/token?${query}`, { headers: basic(name) });
  return { Authorization: `Bearer ${((await response.json()) as { token: string }).token}` };
}

describe("what the caller may not see is not shown:", () => {
  test.each([
    ["alice", "pub/app secret/app team/app team/tool"],
    ["bob", "team/app team/tool"],
    ["carol", "team/app team/tool"],
    [undefined, "pub/app"],
  ])("repositories of %p", async (name, want) => {
    const headers = name === undefined ? {} : basic(name);
    const { repositories } = await get("repositories?n=9", headers);
    expect(repositories.map((each) => each.name).join(" ")).toBe(want);
    const first = await get("repositories?n=1", headers);
    expect([first.repositories.length, first.next === null]).toEqual([1, want.split(" ").length === 1]);
    const { components } = await get("tree", headers);
    expect(components.map((each) => each.component)).toEqual([
      ...new Set(want.split(" ").map((each) => each.split("/", 1).join(""))),
    ]);
  });

  test.each([
    ["alice", 200],
    ["bob", 403],
    [undefined, 401],
  ])("usage of everything to %p: %d", async (name, status) => {
    expect((await get("usage", name === undefined ? {} : basic(name))).status).toBe(status);
  });

  test("the last collection and the caches to whoever sees everything, the certificate to all", async () => {
    const state = await get("state");
    expect(state).toMatchObject({
      status: 200,
      caches: [],
      cached: null,
      collection: { last: null, graceMs: 86_400_000 },
    });
    expect(state.certificate.fingerprint).toMatch(/^[0-9A-F:]{95}$/);
    expect(state.certificate.authorityFingerprint).toMatch(/^[0-9A-F:]{95}$/);
    expect((await get("state", basic("alice"))).cached).toEqual({ hits: 0, misses: 0 });
  });

  test("tags of a repository that one may not pull from: asked to log in, or refused, as if it were not there", async () => {
    const anonymous = await get("repositories/secret/app/tags");
    expect([anonymous.status, anonymous.challenge]).toEqual([
      401,
      expect.stringContaining("repository:secret/app:pull"),
    ]);
    const [denied, absent] = await Promise.all(
      ["secret/app", "secret/no"].map((name) => get(`repositories/${name}/tags`, basic("bob"))),
    );
    expect([denied?.status, denied?.errors]).toEqual([403, absent?.errors]);
  });
});

test("the session tells who one is, and what one may do, whatever the token was asked for", async () => {
  expect(await get("session?repository=team/app")).toMatchObject({
    ...{ status: 200, user: null, kind: "anonymous", seesEverything: false, repository: { actions: [] } },
    login: { scheme: "bearer", realm: `${registry.url}/auth/token`, service: "registry" },
  });
  expect(await get("session?repository=team/app", basic("carol"))).toMatchObject({
    ...{ user: "carol", kind: "user", repository: { actions: ["pull"] } },
  });
  const token = await tokenFor("bob", "repository:team/app:pull");
  expect(await get("session?repository=team/app", token)).toMatchObject({
    ...{ user: "bob", repository: { actions: ["pull", "push", "delete"] } },
  });
  expect((await get("session", { Authorization: `Basic ${btoa("bob:wrong")}` })).status).toBe(401);
});

test("with tokens, each question wants its scope", async () => {
  const catalog = await tokenFor("bob", "registry:catalog:*");
  expect((await get("repositories", catalog)).repositories).toHaveLength(2);
  expect((await get("repositories/team/app/tags", catalog)).status).toBe(401);
  const pull = await tokenFor("bob", "repository:team/app:pull");
  expect((await get("repositories/team/app/tags", pull)).tags).toMatchObject([{ tag: "latest", aliasCount: 0 }]);
  const plan = "repositories/team/app/deletion-plan";
  expect((await post(plan, { tags: ["latest"] }, pull)).status).toBe(401);
  const scope = await tokenFor("bob", "repository:team/app:pull,delete");
  expect(await post(plan, { tags: ["latest"] }, scope)).toMatchObject({ status: 200, freed: { isExact: false } });
});

test("a deletion goes as planned; the audit log, other readers and a check know of it", async () => {
  const digest = await push("team/app", "pr-1", "of a pull request");
  await push("team/app", "pr-2", "of a pull request");
  await push("team/app", "v1", "released");
  expect((await post("repositories/team/app/deletion-plan", { filter: "pr-*" }, basic("carol"))).status).toBe(403);
  const planned = await post("repositories/team/app/deletion-plan", { filter: "*" }, basic("bob"));
  expect(planned).toMatchObject({
    tags: [{ tag: "latest" }, { tag: "pr-1", digest }, { tag: "pr-2", digest }],
    refused: [{ tag: "v1", reason: "the tag is immutable" }],
    kept: [],
  });
  expect(Date.parse(planned.freed.from)).toBeGreaterThan(Date.now() + 47 * 3_600_000);
  const chosen = { tags: planned.tags.slice(1), manifests: [digest] };
  const done = await post("repositories/team/app/deletions", chosen, basic("bob"));
  expect(done).toMatchObject({ status: 200, manifests: [digest], kept: [] });
  const { tags } = await get("repositories/team/app/tags", basic("bob"));
  expect(tags.map((each) => each.tag)).toEqual(["latest", "v1"]);
  const events = readFileSync(audit, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(events.find(({ event }) => event === "manifest deleted")).toMatchObject({
    ...{ user: "bob", repository: "team/app", digest, tags: ["pr-1", "pr-2"] },
  });
  const verified = await run([executable, "verify", "--data", registry.data, "--json"]);
  expect(verified.code).toBe(0);
  expect((await get("state", basic("alice"))).check.last).toMatchObject({ lost: 0, untidy: 0 });
});

test("a form of another site is refused, whoever sits at the browser", async () => {
  const path = "/-/api/v1/repositories/team/tool/deletions";
  const digest = await push("team/tool", "latest", "content");
  const body = JSON.stringify({ tags: [{ tag: "latest", digest }], manifests: [digest] });
  for (const headers of [
    { "Content-Type": "text/plain" },
    { "Content-Type": "application/json", "Sec-Fetch-Site": "cross-site" },
  ]) {
    const response = await registry.fetch(path, { method: "POST", headers: { ...basic("alice"), ...headers }, body });
    expect([400, 403]).toContain(response.status);
  }
  const preflight = await registry.fetch(path, { method: "OPTIONS", headers: { Origin: "https://evil.example" } });
  expect([preflight.status, preflight.headers.get("access-control-allow-origin")]).toEqual([204, null]);
  expect((await get("repositories/team/tool/tags", basic("alice"))).total).toBe(1);
});
