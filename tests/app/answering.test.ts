import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type App, startApp } from "../../src/app.ts";
import { loadConfiguration } from "../../src/config/load.ts";
import { waitUntil } from "../e2e/program.ts";
import { streamTo } from "../log/stream.ts";
import { until } from "../notifications/made-events.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { spawnHere } from "./workers/workers-here.ts";

interface Started extends AsyncDisposable {
  readonly app: App;
  readonly log: readonly string[];
}

/** A registry with two workers, in this process. */
async function start(directory: string, env: Record<string, string> = {}): Promise<Started> {
  const log: string[] = [];
  const flags = { addr: ["127.0.0.1:0"], data: [directory], workers: ["2"], "log-level": ["debug"] };
  const loaded = await loadConfiguration({ path: undefined, env, flags });
  const writes = { logStream: streamTo(log), accessStream: streamTo([]), print: () => {} };
  const app = await startApp(loaded, { env, now: Date.now, ...writes, spawnWorker: spawnHere(log) });
  return { app, log, [Symbol.asyncDispose]: () => app.stop() };
}

/** Asks on connections of their own, until both workers have answered. */
async function askBoth({ app, log }: Started, path: string, init: RequestInit = {}): Promise<readonly number[]> {
  const statuses = new Set<number>();
  const from = log.length;
  const tls = { ca: app.certificate?.authority?.pem() ?? "" };
  const workers = () => new Set(log.slice(from).flatMap((line) => /msg="?request.* worker=(\d)/.exec(line)?.[1] ?? []));
  for (let tries = 0; workers().size < 2 && tries < 200; tries += 1) {
    const answer = await fetch(app.url + path, { ...init, tls, keepalive: false });
    await answer.arrayBuffer();
    statuses.add(answer.status);
  }
  return [...statuses, workers().size];
}

test("both workers answer with the one certificate, and /ca.crt is its authority", async () => {
  using directory = temporaryDirectory();
  await using started = await start(directory.path);
  const { app } = started;
  const ca = app.certificate?.authority?.pem() ?? "";
  const served = await (await fetch(`${app.url}/ca.crt`, { tls: { ca } })).text();
  expect([app.processes, await askBoth(started, "/v2/"), served]).toEqual([2, [200, 2], ca]);
});

test("an upload session hops between workers and stays right", async () => {
  using directory = temporaryDirectory();
  await using started = await start(directory.path);
  const { app } = started;
  const tls = { ca: app.certificate?.authority?.pem() ?? "" };
  const ask = (path: string, init: RequestInit) => fetch(app.url + path, { ...init, tls, keepalive: false });
  const begun = await ask("/v2/a/blobs/uploads/", { method: "POST" });
  let location = begun.headers.get("location") ?? "";
  const hash = new Bun.CryptoHasher("sha256");
  for (let index = 0; index < 24; index += 1) {
    const body = new Uint8Array(1000).fill(index);
    hash.update(body);
    const patched = await ask(location, { method: "PATCH", body });
    location = patched.headers.get("location") ?? "";
  }
  const digest = `sha256:${hash.digest("hex")}`;
  const put = await ask(`${location}${location.includes("?") ? "&" : "?"}digest=${digest}`, { method: "PUT" });
  const blob = await ask(`/v2/a/blobs/${digest}`, {});
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const workers = new Set(started.log.flatMap((line) => /msg=request worker=(\d).*PATCH/.exec(line)?.[1] ?? []));
  expect([put.status, bytes.length, bytes[23_999], [...workers].sort()]).toEqual([201, 24_000, 23, ["1", "2"]]);
});

test("users that come to the data directory count at once for all workers when it is told, and not before", async () => {
  using directory = temporaryDirectory();
  await using started = await start(directory.path);
  const password = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
  writeFileSync(join(directory.path, "htpasswd"), `alice:${password}\n`);
  const before = await askBoth(started, "/v2/");
  await started.app.reload(started.app.configuration);
  const without = await askBoth(started, "/v2/");
  const headers = { Authorization: `Basic ${btoa("alice:secret")}` };
  expect([before, without, await askBoth(started, "/v2/", { headers })]).toEqual([
    [200, 2],
    [401, 2],
    [200, 2],
  ]);
});

test("/metrics and /debug/health tell of all workers, and the operator's switch reaches them", async () => {
  using directory = temporaryDirectory();
  const debug = "{addr: '127.0.0.1:0', prometheus: {enabled: true}}";
  await using started = await start(directory.path, { REGISTRY_HTTP_DEBUG: debug });
  const port = started.log.flatMap((line) => /health is told at another address.* port=(\d+)/.exec(line)?.[1] ?? [])[0];
  const [, asked] = await askBoth(started, "/v2/");
  const requests = started.log.filter((line) => line.includes("msg=request ")).length;
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counted = /registry_http_requests_total\{code="200",handler="base",method="get"\} (\d+)/.exec(text)?.[1];
  await fetch(`http://127.0.0.1:${port}/debug/health/down`, { method: "POST" });
  const down = await askBoth(started, "/v2/");
  await fetch(`http://127.0.0.1:${port}/debug/health/up`, { method: "POST" });
  expect([asked, Number(counted), down, await askBoth(started, "/v2/")]).toEqual([2, requests, [503, 2], [200, 2]]);
});

test("a certificate that is replaced is served by all workers", async () => {
  using directory = temporaryDirectory();
  await using started = await start(directory.path);
  const { app } = started;
  const before = app.certificate?.description().fingerprint;
  writeFileSync(join(directory.path, "tls/server.crt"), "");
  Bun.spawnSync(["rm", join(directory.path, "tls/server.crt")]);
  await app.renewCertificate();
  const after = app.certificate?.description().fingerprint;
  const [status] = await askBoth(started, "/v2/");
  // Until old listeners are closed one worker gets all new connections.
  await waitUntil("both answer again", async () => (await askBoth(started, "/v2/"))[1] === 2);
  expect([before === after, status, await askBoth(started, "/v2/")]).toEqual([false, 200, [200, 2]]);
});

test("webhooks are told of what both workers did, by one registry", async () => {
  using directory = temporaryDirectory();
  const events: { readonly action: string; readonly source: { readonly instanceID: string } }[] = [];
  using receiver = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      events.push(...((await request.json()) as { events: typeof events }).events);
      return new Response();
    },
  });
  const endpoints = `{endpoints: [{name: a, url: "${receiver.url.href}"}]}`;
  await using started = await start(directory.path, { REGISTRY_NOTIFICATIONS: endpoints });
  const body = new Uint8Array(9);
  const digest = `sha256:${new Bun.CryptoHasher("sha256").update(body).digest("hex")}`;
  const pushed = await askBoth(started, `/v2/a/blobs/uploads/?digest=${digest}`, { method: "POST", body });
  const pulled = await askBoth(started, `/v2/a/blobs/${digest}`);
  const requests = started.log.filter((line) => line.includes("msg=request ")).length;
  await until("all events are there", () => events.length >= requests);
  const ids = new Set(events.map(({ source }) => source.instanceID));
  expect([pushed, pulled, ids.size, new Set(events.map(({ action }) => action))]).toEqual([
    [201, 2],
    [200, 2],
    1,
    new Set(["push", "pull"]),
  ]);
});

test("failed logins count for all workers together", async () => {
  using directory = temporaryDirectory();
  const password = await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 });
  writeFileSync(join(directory.path, "htpasswd"), `alice:${password}\n`);
  await using started = await start(directory.path, { REGISTRY_HTTP_LIMITS: "{loginfailures: 6}" });
  const { app } = started;
  const tls = { ca: app.certificate?.authority?.pem() ?? "" };
  const statuses: number[] = [];
  for (let index = 0; index < 12; index += 1) {
    const headers = { Authorization: `Basic ${btoa(`alice:wrong${index}`)}` };
    statuses.push((await fetch(`${app.url}/v2/`, { headers, tls, keepalive: false })).status);
  }
  expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429, 429, 429, 429, 429]);
});
