// Every identity at every route of every kind of repository: who gets in, who is asked to log in, and who is refused.
import { describe, expect, test } from "bun:test";
import type { Action } from "../../src/auth/policy.ts";
import { dispatch } from "../../src/http/dispatch.ts";
import { parseRoute, type Route } from "../../src/http/route.ts";
import { digestOf, type MemoryRegistry, memoryRegistry, pushImage } from "./memory-registry.ts";
import { basic, basicScheme, bearerScheme, grant, openDoor, pub, secret } from "./open-door.ts";

/** What each caller may do to which repository; anything else is refused with the status. */
const callers: readonly {
  readonly name: string;
  readonly authorization: string | undefined;
  readonly may: Readonly<Record<string, readonly Action[]>>;
  readonly refusal: 401 | 403;
}[] = [
  { name: "nobody", authorization: undefined, may: { "pub/app": ["pull"] }, refusal: 401 },
  {
    name: "alice",
    authorization: basic("alice", "secret"),
    may: {
      "pub/app": ["pull", "push", "delete"],
      "team/app": ["pull", "push", "delete"],
      "other/app": ["pull", "push", "delete"],
    },
    refusal: 403,
  },
  { name: "bob", authorization: basic("bob", "secret"), may: { "team/app": ["pull", "push"] }, refusal: 403 },
  { name: "an API token", authorization: basic("x", secret), may: { "team/app": ["pull"] }, refusal: 403 },
  {
    name: "an anonymous token",
    authorization: grant("pub/app", "pull", "push"),
    may: { "pub/app": ["pull"] },
    refusal: 401,
  },
];

const digest = digestOf("x");
const session = "00000000-0000-4000-8000-000000000099";
/** The requests below a repository that each route answers, and what they need: a new route without an answer here does not compile. */
const requests: Record<Route["kind"], readonly (readonly [method: string, path: string, needs: Action])[]> = {
  base: [],
  root: [],
  pageFile: [],
  caCertificate: [],
  live: [],
  ready: [],
  options: [],
  redirect: [],
  getToken: [],
  postToken: [],
  catalog: [],
  apiSession: [],
  apiState: [],
  apiUsage: [],
  apiRepositories: [],
  apiTree: [],
  apiTags: [],
  apiDeletionPlan: [],
  apiDeletion: [],
  listTags: [["GET", "tags/list", "pull"]],
  getManifest: [
    ["GET", "manifests/1", "pull"],
    ["HEAD", "manifests/1", "pull"],
  ],
  putManifest: [["PUT", "manifests/1", "push"]],
  deleteManifest: [["DELETE", "manifests/1", "delete"]],
  getBlob: [
    ["GET", `blobs/${digest}`, "pull"],
    ["HEAD", `blobs/${digest}`, "pull"],
  ],
  deleteBlob: [["DELETE", `blobs/${digest}`, "delete"]],
  startUpload: [["POST", "blobs/uploads/", "push"]],
  mountBlob: [["POST", `blobs/uploads/?mount=${digest}&from=pub/app`, "push"]],
  postBlob: [["POST", `blobs/uploads/?digest=${digest}`, "push"]],
  getUpload: [["GET", `blobs/uploads/${session}`, "push"]],
  patchUpload: [["PATCH", `blobs/uploads/${session}`, "push"]],
  putUpload: [["PUT", `blobs/uploads/${session}?digest=${digest}`, "push"]],
  deleteUpload: [["DELETE", `blobs/uploads/${session}`, "push"]],
  listReferrers: [["GET", `referrers/${digest}`, "pull"]],
};
const routes = Object.entries(requests).flatMap(([kind, each]) => each.map((request) => ({ kind, request })));

test.each(routes)("the matrix asks for $kind where it says so", ({ kind, request: [method, path] }) => {
  const { pathname, searchParams: query } = new URL(`http://r.test/v2/a/${path}`);
  expect(parseRoute({ method, path: pathname, query, prefix: "/" }).kind).toBe(kind as Route["kind"]);
});

describe.each(callers)("$name", ({ authorization, may, refusal }) => {
  const cases = ["pub/app", "team/app", "other/app"].flatMap((repository) =>
    routes.map(({ request: [method, path, action] }) => ({
      method,
      target: `/v2/${repository}/${path}`,
      action,
      repository,
    })),
  );

  test.each(cases)("$method $target", async ({ method, target, action, repository }) => {
    const { ask } = memoryRegistry({ door: openDoor(bearerScheme, pub) });
    const { status } = await ask(method, target, { headers: authorization === undefined ? {} : { authorization } });
    const isAllowed = may[repository]?.includes(action) === true;
    expect(isAllowed ? [401, 403].includes(status) : status).toBe(isAllowed ? false : refusal);
  });
});

/** The status alone. */
async function statusOf(memory: MemoryRegistry, target: string, authorization?: string): Promise<unknown> {
  return (await outcome(memory, target, authorization))[0];
}

/** Status, challenge and body of an answer. */
async function outcome({ ask }: MemoryRegistry, target: string, authorization?: string): Promise<unknown[]> {
  const response = await ask("GET", target, { headers: authorization === undefined ? {} : { authorization } });
  return [response.status, response.headers.get("www-authenticate"), await response.text()];
}

test("what is refused looks the same whether or not it exists", async () => {
  const memory = memoryRegistry({ door: openDoor(bearerScheme, pub) });
  const open = memoryRegistry({ driver: memory.driver });
  await pushImage(open, "other/app", { reference: "1" });
  const refused = await outcome(memory, "/v2/other/app/manifests/1", basic("bob", "secret"));
  expect(await outcome(memory, "/v2/other/none/manifests/1", basic("bob", "secret"))).toEqual(refused);
  expect(await outcome(memory, "/v2/other/app/manifests/none", basic("bob", "secret"))).toEqual(refused);
});

test("the base of the API asks everybody to log in, so that clients learn how", async () => {
  const memory = memoryRegistry({ door: openDoor(bearerScheme, pub) });
  const basicOne = memoryRegistry({ door: openDoor(basicScheme, []) });
  expect(
    [
      await outcome(memory, "/v2/"),
      await outcome(basicOne, "/v2/"),
      await outcome(basicOne, "/v2/", basic("alice", "secret")),
      await outcome(memory, "/v2/", "Bearer []"),
    ].map((answer) => answer.slice(0, 2)),
  ).toEqual([
    [401, 'Bearer realm="http://registry.test/auth/token",service="registry"'],
    [401, 'Basic realm="test", charset="UTF-8"'],
    [200, null],
    [200, null],
  ]);
});

test("listings show what the caller may pull, and a page is full whatever is left out", async () => {
  const memory = memoryRegistry({ door: openDoor(bearerScheme, pub) });
  const open = memoryRegistry({ driver: memory.driver });
  for (const name of ["other/a", "pub/a", "pub/b", "team/a"]) await pushImage(open, name, { reference: "1" });
  const catalog = (target: string, authorization?: string) => outcome(memory, target, authorization);
  const names = (...repositories: string[]) => [200, null, JSON.stringify({ repositories })];
  expect([
    await catalog("/v2/_catalog"),
    await catalog("/v2/_catalog", basic("alice", "secret")),
    await catalog("/v2/_catalog", basic("bob", "secret")),
    await catalog("/v2/_catalog?n=2"),
  ]).toEqual([
    names("pub/a", "pub/b"),
    names("other/a", "pub/a", "pub/b", "team/a"),
    names("team/a"),
    names("pub/a", "pub/b"),
  ]);
  const closed = memoryRegistry({ door: openDoor(basicScheme, []), driver: memory.driver });
  expect(await statusOf(closed, "/v2/_catalog")).toBe(401);
});

test("a token is for the catalog only where it says so", async () => {
  const memory = memoryRegistry({ door: openDoor(bearerScheme, pub) });
  const catalog = `Bearer ${JSON.stringify([{ type: "registry", name: "catalog", actions: ["*"] }])}`;
  expect([
    await statusOf(memory, "/v2/_catalog", grant("pub/app", "pull")),
    await statusOf(memory, "/v2/_catalog", catalog),
  ]).toEqual([401, 200]);
});

test("a mount needs the right to pull from its source, and without one no source is looked for", async () => {
  const memory = memoryRegistry({ door: openDoor(bearerScheme, pub) });
  const open = memoryRegistry({ driver: memory.driver });
  await pushImage(open, "other/app", { text: "layer" });
  await pushImage(open, "team/a", { text: "layer" });
  const mount = async (query: string) => {
    const target = `/v2/team/app/blobs/uploads/?mount=${digestOf("layer")}${query}`;
    return (await memory.ask("POST", target, { headers: { authorization: basic("bob", "secret") } })).status;
  };
  expect([await mount("&from=other/app"), await mount(""), await mount("&from=team/a")]).toEqual([202, 202, 201]);
});

test.each([
  ["an unknown scheme", "Digest username=alice"],
  ["Basic that is not base64", "Basic !!!"],
  ["no colon", `Basic ${btoa("alice")}`],
  ["an empty header", ""],
  ["a token that is none", "Bearer x"],
  ["two tokens", "Bearer [] []"],
])("credentials that prove nothing are refused: %s", async (_what, authorization) => {
  const memory = memoryRegistry({ door: openDoor(bearerScheme, pub) });
  expect(await statusOf(memory, "/v2/pub/app/tags/list", authorization)).toBe(401);
});

test("wrong passwords from one address are refused after a few, also where the next one is right", async () => {
  const memory = memoryRegistry({ door: openDoor(basicScheme, []) });
  const statuses = [];
  for (const password of ["a", "b", "c", "secret"]) {
    statuses.push((await outcome(memory, "/v2/", basic("alice", password)))[0]);
  }
  expect(statuses).toEqual([401, 401, 401, 429]);
});

test("behind a trusted proxy the caller's own address counts, and the challenge names what the caller used", async () => {
  const door = openDoor(bearerScheme, []);
  const { options } = memoryRegistry({ door, isTrustedProxy: (address) => address === "10.0.0.1" });
  const answer = async (from: string, password: string) => {
    const headers = { authorization: basic("alice", password), "x-forwarded-for": from, "x-forwarded-proto": "https" };
    const request = new Request("http://registry.test/v2/", { headers: { ...headers, "x-forwarded-host": "r.test" } });
    return await dispatch(request, options, { address: "10.0.0.1" });
  };
  const statuses = [];
  for (const password of ["a", "b", "c", "secret"]) statuses.push((await answer("192.0.2.7", password)).status);
  expect([...statuses, (await answer("192.0.2.8", "secret")).status]).toEqual([401, 401, 401, 429, 200]);
  expect((await answer("192.0.2.9", "wrong")).headers.get("www-authenticate")).toStartWith(
    'Bearer realm="https://r.test/auth/token"',
  );
});

test("the log says who, what and why, and no password", async () => {
  const memory = memoryRegistry({ door: openDoor(bearerScheme, pub) });
  await outcome(memory, "/v2/other/app/tags/list", basic("bob", "secret"));
  await outcome(memory, "/v2/other/app/tags/list", basic("bob", "hunter2"));
  const lines = memory.log.map((line) => JSON.stringify(line));
  expect(memory.log[0]).toMatchObject({
    user: "bob",
    status: 403,
    reason: "DENIED: bob may not pull: no rule of access.rules allows it",
  });
  expect(memory.log[1]).toMatchObject({ status: 401, reason: 'UNAUTHORIZED: no user "bob" with this password' });
  expect(lines.filter((line) => /secret|hunter2|Basic/.test(line))).toEqual([]);
});

test("too many failures stop guesses, and neither API tokens nor a password that was right a moment ago", async () => {
  const memory = memoryRegistry({ door: openDoor(basicScheme, []) });
  await statusOf(memory, "/v2/", basic("alice", "secret"));
  for (const password of ["a", "b", "c"]) await statusOf(memory, "/v2/", basic("alice", password));
  expect([
    await statusOf(memory, "/v2/", basic("bob", "secret")),
    await statusOf(memory, "/v2/", basic("alice", "secret")),
    await statusOf(memory, "/v2/", basic("x", secret)),
  ]).toEqual([429, 200, 200]);
});
