// Distribution's configuration file, its variables and the flags, as the executable takes them.
import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { temporaryDirectory } from "../temporary-directory.ts";
import { minimal, startWith } from "./configured.ts";
import { executable, type StartedRegistry, startRegistry } from "./executable.ts";
import { must, requireProgram, run, waitUntil } from "./program.ts";

const hasOpenssl = requireProgram("openssl", "openssl");

/** What a file makes of a server that does not start. */
async function serveWith(text: string, env: Record<string, string> = {}) {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  writeFileSync(file, text);
  const { code, stdout, stderr } = await run(
    [executable, "serve", "--addr", "127.0.0.1:0", "--data", join(directory.path, "data"), file],
    {
      env,
      timeoutMs: 30_000,
    },
  );
  return { code, stdout, lines: stderr.replaceAll(file, "FILE").trimEnd().split("\n") };
}

const blob = `/v2/a/blobs/sha256:${"0".repeat(64)}`;

describe("a configuration file", () => {
  test.each([
    // Distribution's meaning: without http.tls plain HTTP, without storage.delete no deletion.
    ["nothing but a storage", minimal, {}, ["http:", 405, 202]],
    ["deletion", `${minimal}  delete: {enabled: true}\n`, {}, ["http:", 404, 202]],
    ["read-only", `${minimal}  maintenance: {readonly: {enabled: true}}\n`, {}, ["http:", 405, 405]],
    ["a certificate of our own", `${minimal}http: {tls: {selfsigned: {}}}\n`, {}, ["https:", 405, 202]],
    ["a variable over the file", minimal, { REGISTRY_STORAGE_DELETE_ENABLED: "true" }, ["http:", 404, 202]],
    [
      "a variable with a whole section",
      minimal,
      { REGISTRY_STORAGE_MAINTENANCE: "{readonly: {enabled: true}}" },
      ["http:", 405, 405],
    ],
  ])("with %s", async (_name, text, env, want) => {
    await using registry = await startWith(text, { env });
    const deleted = await registry.fetch(blob, { method: "DELETE" });
    const started = await registry.fetch("/v2/a/blobs/uploads/", { method: "POST" });
    expect([new URL(registry.url).protocol, deleted.status, started.status]).toEqual(want);
  });

  test.each([
    ["", "/", ""],
    ["  host: https://registry.example\n", "/", "https://registry.example"],
    ["  host: https://registry.example\n  relativeurls: true\n", "/", ""],
    ["  prefix: /some/where/\n", "/some/where/", ""],
  ])("whose http has '%s' has locations to match, whatever the request's headers say", async (http, prefix, origin) => {
    await using registry = await startWith(`${minimal}http:\n  headers: {X-Test: [yes]}\n${http}`);
    const response = await registry.fetch(`${prefix}v2/a/blobs/uploads/`, {
      method: "POST",
      headers: {
        Host: "evil.example",
        Forwarded: "host=evil.example;proto=http",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
      },
    });
    const location = (response.headers.get("location") ?? "").replace(/[^/]+$/, "");
    expect([location, response.headers.get("x-test")]).toEqual([`${origin}${prefix}v2/a/blobs/uploads/`, "yes"]);
  });

  test("by REGISTRY_CONFIGURATION_PATH, with flags over variables over the file", async () => {
    using directory = temporaryDirectory();
    const file = join(directory.path, "config.yml");
    writeFileSync(file, `${minimal}log: {formatter: json, level: debug}\nhttp: {addr: "127.0.0.1:1"}\n`);
    const env = {
      REGISTRY_CONFIGURATION_PATH: file,
      REGISTRY_HTTP_ADDR: "127.0.0.1:2",
      REGISTRY_LOG_FORMATTER: "text",
    };
    await using registry = await startRegistry({ env, args: ["--log-format", "logstash"] });
    await registry.fetch("/v2/");
    const line = await waitUntil("a line of the log", () => registry.stderr().match(/^.*"request".*$/m)?.[0]);
    expect(JSON.parse(line)).toMatchObject({ "@version": 1, message: "request", status: 200 });
  });

  test("and --log-level decides what is logged", async () => {
    await using registry = await startRegistry({ args: ["--http", "--log-level", "error"] });
    expect((await registry.fetch("/v2/")).status).toBe(200);
    expect(await registry.stop()).toBe(0);
    expect(registry.stderr()).toBe("");
  });
});

describe("what is wrong in it", () => {
  test("is told all at once, with line and column", async () => {
    const text =
      "version: 0.1\nstorage:\n  filesystem: {}\n  delete: {enabled: perhaps}\nhttp:\n  draintimeout: soon\n";
    const { code, stdout, lines } = await serveWith(text);
    expect({ code, stdout, lines }).toEqual({
      code: 1,
      stdout: "",
      lines: [
        expect.stringContaining("2 problems"),
        expect.stringMatching(/^ {2}FILE:4:\d+: .*storage\.delete\.enabled/),
        expect.stringMatching(/^ {2}FILE:6:\d+: .*http\.draintimeout/),
      ],
    });
  });

  test.each([
    ["YAML that is none", "version: [0.1\n", /^registry serve: FILE:\d+:\d+: /],
    [
      "a key twice, which hides what the first one restricted",
      `${minimal}validation: {disabled: false}\nvalidation: {disabled: true}\n`,
      /FILE:5:1: .*key is repeated here/,
    ],
    [
      "authentication, which this cannot do yet or lacks what it needs",
      `${minimal}auth: {silly: {realm: x, service: y}}\n`,
      /auth/,
    ],
    ["a storage that this cannot do", "version: 0.1\nstorage: {inmemory: {}}\n", /inmemory/],
    ["client certificates", `${minimal}http: {tls: {clientcas: [ca.pem]}}\n`, /clientcas/],
  ])("%s is one line", async (_name, text, pattern) => {
    expect(await serveWith(text)).toEqual({ code: 1, stdout: "", lines: [expect.stringMatching(pattern)] });
  });

  test.each(["error", "debug"])("is warned about at the log level %s", async (level) => {
    await using registry = await startWith(`${minimal}log: {level: ${level}, reportcaller: true}\n`);
    await waitUntil("the log tells of it", () =>
      /level=warning [^\n]*log\.reportcaller: no effect in this version/.test(registry.stderr()),
    );
  });

  test("does not stop it where a harmless key stands twice", async () => {
    await using registry = await startWith(`${minimal}version: 0.1\n`);
    await waitUntil("the log tells of it", () =>
      registry.stderr().includes("version: the key is repeated here; the last one counts"),
    );
  });

  test("does not stop it where a key is unknown: the nearest known one is named", async () => {
    await using registry = await startWith(`${minimal}http: {adr: ":1"}\n`, { env: { REGISTRY_HTTP_PREFIXX: "/" } });
    await waitUntil("the log tells of it", () => /level=warning .*http\.adr.*http\.addr/.test(registry.stderr()));
    await waitUntil("the log tells of it", () =>
      /level=warning .*REGISTRY_HTTP_PREFIXX.*REGISTRY_HTTP_PREFIX/.test(registry.stderr()),
    );
  });

  test("is looked for in vain where there is no file", async () => {
    const { code, stderr } = await run([executable, "serve", "/no/such/config.yml"]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^registry serve: \/no\/such\/config\.yml[^\n]*\n$/)]);
  });
});

describe.skipIf(!hasOpenssl)("a configured certificate", () => {
  /** A registry with a certificate that openssl made. */
  async function startWithCertificate(days: number, extension: readonly string[], tls = ""): Promise<StartedRegistry> {
    using directory = temporaryDirectory();
    const [certificate, key] = [join(directory.path, "domain.crt"), join(directory.path, "domain.key")];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", String(days)];
    const files = ["-keyout", key, "-out", certificate];
    await must(["openssl", "req", ...kind, "-subj", "/CN=localhost", ...extension, ...files]);
    return await startWith(`${minimal}http: {tls: {certificate: ${certificate}, key: ${key}${tls}}}\n`);
  }
  const names = ["-addext", "subjectAltName=DNS:localhost"];

  test.each([
    ["that is in order", 365, names, /^$/],
    ["without subject alternative names", 365, [], /level=warning .*subject alternative names/],
    ["near its end", 9, names, /level=warning .*ends on/],
  ] as const)("%s", async (_name, days, extension, warning) => {
    await using registry = await startWithCertificate(days, extension);
    const warnings = registry
      .stderr()
      .split("\n")
      .filter((line) => line.includes("level=warning"));
    expect([registry.url.startsWith("https:"), warnings.join("\n")]).toEqual([true, expect.stringMatching(warning)]);
    const answer = await fetch(`${registry.url}/ca.crt`, { tls: { rejectUnauthorized: false } });
    expect(answer.status).toBe(404);
  });

  test("with ciphersuites offers these to TLS 1.2 and no others", async () => {
    const suite = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
    await using registry = await startWithCertificate(365, names, `, ciphersuites: [${suite}]`);
    const shake = async (ciphers: string) => {
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      const limits = { maxVersion: "TLSv1.2", ciphers, rejectUnauthorized: false } as const;
      const socket = connect({ host: "127.0.0.1", port: registry.port, ...limits }, () =>
        resolve(socket.getCipher().name),
      );
      socket.on("error", () => resolve(undefined)).on("close", () => resolve(undefined));
      return await promise.finally(() => socket.destroy());
    };
    const [offered, other] = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256"];
    expect([await shake(offered), await shake(other)]).toEqual([offered, undefined]);
  });

  test("with minimumtls: tls1.3 refuses older clients", async () => {
    await using registry = await startWithCertificate(365, names, ", minimumtls: tls1.3");
    const shake = async (version: "TLSv1.2" | "TLSv1.3") => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const versions = { minVersion: version, maxVersion: version, rejectUnauthorized: false };
      const socket = connect({ host: "127.0.0.1", port: registry.port, ...versions }, () => resolve(true));
      socket.on("error", () => resolve(false)).on("close", () => resolve(false));
      return await promise.finally(() => socket.destroy());
    };
    expect([await shake("TLSv1.2"), await shake("TLSv1.3")]).toEqual([false, true]);
  });
});

test.each([
  [["version"], 0, /^registry \d+\.\d+\.\d+ \([0-9a-f]{12}(\+changes)?\) bun \d/, /^$/],
  [["--version"], 0, /^registry \d+\.\d+\.\d+ /, /^$/],
  [["help"], 0, /\n {2}registry serve /, /^$/],
  [["help", "serve"], 0, /--addr HOST:PORT/, /^$/],
  [[], 0, /\n {2}registry serve /, /^$/],
  [["sevre"], 64, /^$/, /did you mean serve\?/],
  [["serve", "--adr", ":1"], 64, /^$/, /--adr.*--addr/],
  [["serve", "a.yml", "b.yml"], 64, /^$/, /^registry[^\n]*\n$/],
  [["gencert", "--san", "bad name"], 64, /^$/, /^registry[^\n]*--san[^\n]*\n$/],
  [["gencert", "--days", "many"], 64, /^$/, /^registry[^\n]*--days[^\n]*\n$/],
] as const)("registry %j", async (args, code, stdout, stderr) => {
  expect(await run([executable, ...args])).toEqual({
    code,
    stdout: expect.stringMatching(stdout),
    stderr: expect.stringMatching(stderr),
  });
});
