import { expect, test } from "bun:test";
import type { ClientEvent } from "../../src/client/events.ts";
import { type ClientOptions, RegistryClient } from "../../src/client/registry-client.ts";
import { refusalOf } from "../proxy/caching.ts";
import { behaviours, fail, type MisbehavingUpstream, startUpstream } from "../proxy/misbehaving-upstream.ts";

const signal = new AbortController().signal;

function clientOf(server: MisbehavingUpstream, options: Partial<ClientOptions> = {}): RegistryClient {
  return new RegistryClient({
    host: server.host,
    url: server.url,
    ca: undefined,
    realms: "any",
    credentials: async () => ({ username: "alice", password: "secret" }),
    resolve: async () => ["192.0.2.1"],
    isProxied: () => false,
    answerMs: 60_000,
    now: Date.now,
    report: () => undefined,
    ...options,
  });
}

test("a client sends a body again once it knows what authorization is wanted", async () => {
  await using server = await startUpstream();
  const bodies: string[] = [];
  server.behave(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    bodies.push(`${request.method} ${request.headers.authorization ?? "nobody"} ${text}`);
    const isKnown = request.headers.authorization !== undefined;
    fail(response, isKnown ? 201 : 401, { "WWW-Authenticate": "Basic" });
    return true;
  });
  const client = clientOf(server);
  const put = {
    method: "PUT",
    path: "a/manifests/v1",
    scopes: ["repository:a:pull,push"],
    body: "{}",
    signal,
  } as const;
  expect((await client.send(put)).status).toBe(201);
  expect((await client.send(put)).status).toBe(201);
  const basic = `Basic ${btoa("alice:secret")}`;
  expect(bodies).toEqual(["PUT nobody {}", `PUT ${basic} {}`, `PUT ${basic} {}`]);
});

test("a client tells what is not there from what is refused", async () => {
  await using server = await startUpstream();
  const client = clientOf(server, { credentials: async () => undefined });
  const request = { method: "GET", path: "a/manifests/v1", scopes: [], signal } as const;
  expect(await client.find(request)).toBeUndefined();
  server.behave(behaviours.status(403));
  expect(await refusalOf(client.find(request))).toBe("UPSTREAM_DENIED");
});

test("a client does not follow redirects of what it changes, and reports what is left of a quota", async () => {
  await using server = await startUpstream();
  const events: ClientEvent[] = [];
  const client = clientOf(server, { report: (event) => void events.push(event) });
  server.behave(behaviours.status(307, { Location: "/elsewhere", "RateLimit-Remaining": "7;w=60" }));
  const answer = await client.send({ method: "DELETE", path: "a/manifests/v1", scopes: [], signal });
  expect([answer.status, server.asked()]).toEqual([307, ["DELETE /v2/a/manifests/v1"]]);
  expect(events.filter(({ kind }) => kind === "quota")).toEqual([
    { kind: "quota", upstream: server.host, remaining: 7 },
  ]);
});

test("the next page is one of the same list", async () => {
  await using server = await startUpstream();
  const client = clientOf(server);
  const next = async (link: string) => {
    server.behave(behaviours.status(200, { Link: `<${link}>; rel="next"` }));
    const answer = await client.send({ method: "GET", path: "a/tags/list", scopes: [], signal });
    return client.nextPath(answer, "a/tags/list");
  };
  expect(await next("/v2/a/tags/list?last=b")).toBe("a/tags/list?last=b");
  const { hostname } = server.url;
  expect(await next(`https://${hostname}:1/v2/a/tags/list?last=b`)).toBe("a/tags/list?last=b");
  expect(await next("/v2/b/tags/list")).toBeUndefined();
  expect(await next("https://evil.test/v2/a/tags/list")).toBeUndefined();
});

test("check() asks for the base of the API, with the credentials", async () => {
  await using server = await startUpstream({ isBaseOpen: false });
  expect(await refusalOf(clientOf(server).check())).toBe("UPSTREAM_INVALID");
  server.behave((request, response) => {
    fail(response, request.headers.authorization === undefined ? 401 : 200, { "WWW-Authenticate": "Basic" });
    return true;
  });
  expect(await clientOf(server).check()).toBeUndefined();
});

test("an address elsewhere gets no credentials", async () => {
  await using server = await startUpstream();
  await using other = await startUpstream();
  const challenge = behaviours.status(401, { "WWW-Authenticate": "Basic" });
  server.behave(challenge);
  other.behave(challenge);
  const client = clientOf(server);
  await client.send({ method: "GET", path: "a/tags/list", scopes: [], signal });
  await client
    .send({ method: "PUT", path: new URL("/upload", other.url), scopes: [], body: "x", signal })
    .catch(() => 0);
  expect(other.requests.map(({ authorization }) => authorization).filter(Boolean)).toEqual([]);
});
