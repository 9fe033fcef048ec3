import { expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openRegistryClient } from "../../../src/app/registries/open-registry-client.ts";
import { makeCertificates } from "../../cli/registry-with-authority.ts";
import { refusalOf } from "../../proxy/caching.ts";
import { startUpstream } from "../../proxy/misbehaving-upstream.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const surroundings = { env: {}, uid: undefined, warn: () => undefined, now: Date.now, isPlain: false };
const signal = new AbortController().signal;
const base = { method: "GET", path: "", scopes: [], signal } as const;

test("a registry on this machine is asked over TLS, whatever its certificate, or else over plain HTTP", async () => {
  await using plain = await startUpstream();
  const { server } = await makeCertificates("elsewhere.test");
  await using secure = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    tls: { cert: server.certificatePem, key: server.keyPem },
    fetch: () => new Response("{}"),
  });
  const overTls = await openRegistryClient(`127.0.0.1:${secure.port}`, surroundings);
  const overHttp = await openRegistryClient(plain.host, surroundings);
  expect([overTls.url.protocol, overHttp.url.protocol]).toEqual(["https:", "http:"]);
  expect([(await overTls.send(base)).status, (await overHttp.send(base)).status]).toEqual([200, 200]);
});

test("elsewhere it is TLS, unless plain HTTP was asked for", async () => {
  expect((await openRegistryClient("nas.test:5000", surroundings)).url.href).toBe("https://nas.test:5000/");
  expect((await openRegistryClient("nas.test:5000", { ...surroundings, isPlain: true })).url.href).toBe(
    "http://nas.test:5000/",
  );
  expect((await openRegistryClient("docker.io", surroundings)).url.href).toBe("https://registry-1.docker.io/");
});

test("where nothing answers, it stays TLS, and the request says so", async () => {
  const closed = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { port } = closed;
  await closed.stop(true);
  const client = await openRegistryClient(`127.0.0.1:${port}`, surroundings);
  expect([client.url.protocol, await refusalOf(client.send(base))]).toEqual(["https:", "UPSTREAM_UNREACHABLE"]);
});

test("the user's credentials go along", async () => {
  using home = temporaryDirectory();
  await using server = await startUpstream();
  mkdirSync(join(home.path, ".docker"));
  const config = { auths: { [server.host]: { auth: btoa("alice:secret") } } };
  writeFileSync(join(home.path, ".docker/config.json"), JSON.stringify(config));
  server.behave((request, response) => {
    response.writeHead(request.headers.authorization === undefined ? 401 : 200, { "WWW-Authenticate": "Basic" });
    response.end();
    return true;
  });
  const client = await openRegistryClient(server.host, { ...surroundings, env: { HOME: home.path } });
  expect((await client.send({ ...base, path: "_catalog" })).status).toBe(200);
  expect(server.requests.at(-1)?.authorization).toBe(`Basic ${btoa("alice:secret")}`);
});
