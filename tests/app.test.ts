import { expect, test } from "bun:test";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "../src/app/start-error.ts";
import { type App, startApp } from "../src/app.ts";
import { loadConfiguration } from "../src/config/load.ts";
import { streamTo } from "./log/stream.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

interface Started extends AsyncDisposable {
  readonly app: App;
  readonly log: readonly string[];
}

async function start(flags: object, env: Record<string, string> = {}): Promise<Started> {
  const log: string[] = [];
  const loaded = await loadConfiguration({ path: undefined, env, flags: { addr: ["127.0.0.1:0"], ...flags } });
  const writes = { logStream: streamTo(log), accessStream: streamTo([]), print: () => {} };
  const app = await startApp(loaded, { env, now: Date.now, ...writes });
  return { app, log, [Symbol.asyncDispose]: () => app.stop() };
}

test("without a configuration it serves HTTPS with a certificate of its own, which /ca.crt verifies", async () => {
  using directory = temporaryDirectory();
  await using started = await start({ data: [directory.path] });
  const { url, certificate, remoteHost } = started.app;
  const ca = certificate?.authority?.pem() ?? "";
  const answer = await fetch(`${url}/v2/`, { tls: { ca } });
  const served = await fetch(`${url}/ca.crt`, { tls: { ca } });
  expect([url.startsWith("https://127.0.0.1:"), answer.status, await served.text(), remoteHost]).toEqual([
    true,
    200,
    ca,
    undefined,
  ]);
});

test("over plain HTTP there is no certificate to hand out", async () => {
  using directory = temporaryDirectory();
  await using started = await start({ data: [directory.path], http: [""] });
  const answers = await Promise.all(["/v2/", "/ca.crt"].map((path) => fetch(started.app.url + path)));
  expect([started.app.certificate, ...answers.map(({ status }) => status)]).toEqual([undefined, 200, 404]);
});

test("headers, host and prefix of the configuration reach the answers", async () => {
  using directory = temporaryDirectory();
  const env = {
    REGISTRY_HTTP_HOST: "https://registry.example.org/",
    REGISTRY_HTTP_PREFIX: "/some/where/",
    "REGISTRY_HTTP_HEADERS_X-Test": "[yes]",
  };
  await using started = await start({ data: [directory.path], http: [""] }, env);
  const answer = await fetch(`${started.app.url}/some/where/v2/a/blobs/uploads/`, { method: "POST" });
  expect([answer.status, answer.headers.get("location")?.slice(0, 54), answer.headers.get("x-test")]).toEqual([
    202,
    "https://registry.example.org/some/where/v2/a/blobs/upl",
    "yes",
  ]);
});

test.each([
  ["text", /^time=\S+ level=warning msg="REGISTRY_LOG_COLOUR names no configuration key/],
  ["json", /^\{"level":"warning","msg":"REGISTRY_LOG_COLOUR names no configuration key/],
])("a warning about the configuration is shown at every log level, as %s", async (format, want) => {
  using directory = temporaryDirectory();
  const flags = { data: [directory.path], http: [""], "log-level": ["error"], "log-format": [format] };
  await using started = await start(flags, { REGISTRY_LOG_COLOUR: "x", REGISTRY_HTTP_ADDR: "127.0.0.1:0" });
  expect(started.log).toEqual([expect.stringMatching(want)]);
});

test("startApp() refuses a data directory that is a file with a sentence", async () => {
  using directory = temporaryDirectory();
  const data = join(directory.path, "file");
  writeFileSync(data, "");
  const error = await start({ data: [data] }).catch((reason: unknown) => reason);
  expect(error instanceof StartError && error.message).toContain("cannot be used");
});

test("startApp() refuses an address in use with a sentence, before it makes or logs anything", async () => {
  using directory = temporaryDirectory();
  const data = join(directory.path, "data");
  using other = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const addr = `127.0.0.1:${other.port}`;
  const log: string[] = [];
  const loaded = await loadConfiguration({ path: undefined, env: {}, flags: { addr: [addr], data: [data] } });
  const started = startApp(loaded, {
    env: {},
    now: Date.now,
    logStream: streamTo(log),
    accessStream: streamTo([]),
    print: () => {},
  });
  const error = await started.catch((reason: unknown) => reason);
  expect(error instanceof StartError && error.message).toContain("already in use");
  expect([log, existsSync(data)]).toEqual([[], false]);
});

test("startApp() serves a configured certificate and warns about one without names", async () => {
  using directory = temporaryDirectory();
  const [certificate, key] = [join(directory.path, "domain.crt"), join(directory.path, "domain.key")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-subj", "/CN=registry.example.org"];
  const openssl = Bun.spawnSync(["openssl", ...request, "-keyout", key, "-out", certificate]);
  expect(openssl.exitCode).toEqual(0);
  mkdirSync(join(directory.path, "data"));
  const env = { REGISTRY_HTTP_TLS_CERTIFICATE: certificate, REGISTRY_HTTP_TLS_KEY: key };
  await using started = await start({ data: [join(directory.path, "data")] }, env);
  const answer = await fetch(`${started.app.url}/v2/`, { tls: { rejectUnauthorized: false } });
  const log = started.log.join("");
  expect([answer.status, log.includes("subject alternative names"), log.includes("ends on")]).toEqual([
    200,
    true,
    true,
  ]);
});

test("while the store is away and that is checked, requests are answered with 503, and again when it is back", async () => {
  using directory = temporaryDirectory();
  const data = join(directory.path, "data");
  const env = { REGISTRY_HEALTH_STORAGEDRIVER: "{enabled: true, interval: 5ms, threshold: 2}" };
  await using started = await start({ data: [data], http: [""] }, env);
  const becomes = async (status: number) => {
    const answer = async () => (await fetch(`${started.app.url}/readyz`)).status;
    while ((await answer()) !== status) await Bun.sleep(5);
    const paths = ["/v2/", "/", "/livez"];
    return await Promise.all(paths.map(async (path) => (await fetch(started.app.url + path)).status));
  };
  const before = await becomes(200);
  renameSync(data, `${data}.away`);
  const away = await becomes(503);
  renameSync(`${data}.away`, data);
  expect([before, away, await becomes(200)]).toEqual([
    [200, 200, 200],
    [503, 503, 200],
    [200, 200, 200],
  ]);
  expect(started.log.join("")).toContain("check=storagedriver_filesystem");
});

test("log.level is taken over from a configuration that was read again", async () => {
  using directory = temporaryDirectory();
  await using started = await start({ data: [directory.path], http: [""], "log-level": ["error"] });
  const { app, log } = started;
  await fetch(`${app.url}/v2/`);
  const quiet = log.length;
  await app.reload({ ...app.configuration, log: { ...app.configuration.log, level: "info" } });
  await fetch(`${app.url}/v2/`);
  await app.reload({ ...app.configuration, log: { ...app.configuration.log, level: undefined }, loglevel: "error" });
  await fetch(`${app.url}/v2/`);
  expect([quiet, log.length, log[0]?.includes("msg=request ")]).toEqual([0, 1, true]);
});
