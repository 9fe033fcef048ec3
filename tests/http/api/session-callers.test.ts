// Who asks the read API: every kind of caller.
import { expect, test } from "bun:test";
import type { Door } from "../../../src/http/door.ts";
import { digestOf, memoryRegistry, pushImage } from "../memory-registry.ts";
import { basic, basicScheme, bearerScheme, grant, openDoor, pub, secret } from "../open-door.ts";

/** A question to the read API, and what its answer says. */
async function askApi(door: Door, path: string, authorization?: string): Promise<Record<string, unknown>> {
  const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
  const response = await memoryRegistry({ door }).ask("GET", `/-/api/v1/${path}`, { headers });
  return { status: response.status, ...((await response.json()) as object) };
}

test("a session is told to anybody; it says how to log in, and what one may do whatever the token is for", async () => {
  const [bearer, plain] = [openDoor(bearerScheme, pub), openDoor(basicScheme, [])];
  const asked = "session?repository=team/app";
  expect(await askApi(plain, asked)).toMatchObject({
    ...{ status: 200, user: null, seesEverything: false, repository: { actions: [] } },
    login: { scheme: "basic", realm: "test" },
  });
  expect(await askApi(bearer, asked)).toMatchObject({
    login: { scheme: "bearer", realm: "http://registry.test/auth/token", service: "registry" },
  });
  expect(await askApi(bearer, asked, basic("bob", "secret"))).toMatchObject({
    ...{ user: "bob", kind: "user", repository: { actions: ["pull", "push"] } },
  });
  expect(await askApi(bearer, asked, basic("x", secret))).toMatchObject({ user: "token:ci", kind: "apiToken" });
  expect(await askApi(bearer, "session?repository=pub/app", grant("other/app", "pull"))).toMatchObject({
    ...{ kind: "anonymous", repository: { actions: ["pull"] } },
  });
  expect((await askApi(bearer, asked, basic("bob", "wrong"))).status).toBe(401);
});

test("what is about all repositories is told to who may pull from all of them", async () => {
  const door = openDoor(bearerScheme, pub);
  const callers = [basic("alice", "secret"), basic("bob", "secret"), basic("x", secret), undefined];
  const answers = callers.map(async (authorization) => (await askApi(door, "usage", authorization)).status);
  expect(await Promise.all(answers)).toEqual([200, 403, 403, 401]);
});

test("a foreign token for one repository tells nothing of what others hold; one for the catalog lists them", async () => {
  const memory = memoryRegistry();
  for (const name of ["mine", "private"]) await pushImage(memory, name, { reference: "v1" });
  const door = openDoor(bearerScheme, [], { isForeign: true });
  const { ask } = memoryRegistry({ door, registry: memory.options.registry, api: memory.options.api });
  const headers = { authorization: grant("mine", "delete"), "content-type": "application/json" };
  const plan = { headers, body: JSON.stringify({ tags: ["v1"] }) };
  expect(await (await ask("POST", "/-/api/v1/repositories/mine/deletion-plan", plan)).json()).toMatchObject({
    manifests: [{ because: "untagged" }],
    freed: { isExact: false },
    shared: { blobs: 0 },
  });
  const authorization = `Bearer ${JSON.stringify([{ type: "registry", name: "catalog", actions: ["*"] }])}`;
  const listed = await ask("GET", "/-/api/v1/repositories", { headers: { authorization } });
  expect(await listed.json()).toMatchObject({ repositories: [{ name: "mine" }, { name: "private" }] });
});

test("who may delete and not pull deletes what they can name, and is shown nothing", async () => {
  const memory = memoryRegistry();
  const digest = digestOf(await pushImage(memory, "drop/app", { reference: "v1" }));
  const door = openDoor(bearerScheme, []);
  const { ask } = memoryRegistry({ door, registry: memory.options.registry, api: memory.options.api });
  const headers = { authorization: basic("bob", "secret"), "content-type": "application/json" };
  const post = async (path: string, body: object) =>
    (await ask("POST", `/-/api/v1/repositories/drop/app/${path}`, { headers, body: JSON.stringify(body) })).status;
  expect(await post("deletion-plan", { repository: true })).toBe(403);
  expect(await post("deletions", { tags: [{ tag: "v1", digest }] })).toBe(200);
});
