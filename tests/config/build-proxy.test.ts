import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, loadConfiguration } from "../../src/config/load.ts";
import { temporaryDirectory } from "../temporary-directory.ts";

async function load(text: string, env: Record<string, string> = {}) {
  using directory = temporaryDirectory();
  const path = join(directory.path, "config.yml");
  writeFileSync(path, `version: 0.1\n${text}`);
  try {
    const { configuration, warnings } = await loadConfiguration({ path, env, flags: {} });
    return { proxy: configuration.proxy, warnings: warnings.map((line) => line.replace(path, "file")), problems: [] };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return { proxy: undefined, warnings: [], problems: error.problems.map((line) => line.replace(path, "file")) };
  }
}

const nobody = { username: undefined, password: undefined, exec: undefined };
const weekMs = 168 * 3_600_000;
const defaults = { others: [], local: [], freshMs: 60_000, maxBytes: undefined, cacheWriteTimeoutMs: 300_000 };

test("without a word nothing is cached", async () => {
  expect((await load("")).proxy).toBeUndefined();
});

test("distribution's section means what it means there", async () => {
  const text = `proxy:
  remoteurl: https://registry-1.docker.io
  username: alice
  password: "123"
  ttl: 24h
  cachewritetimeout: 1m
`;
  const main = {
    ...nobody,
    host: "registry-1.docker.io",
    url: "https://registry-1.docker.io",
    username: "alice",
    password: "123",
    ttlMs: 24 * 3_600_000,
    ca: undefined,
    realms: [],
  };
  expect(await load(text)).toEqual({
    proxy: { ...defaults, main, cacheWriteTimeoutMs: 60_000 },
    warnings: [],
    problems: [],
  });
});

test("more registries stand in a list, and take what they do not say from the section", async () => {
  const text = `proxy:
  local: ["team/**"]
  remoteurl: docker.io
  fresh: 10s
  maxsize: 1GB
  exec: { command: docker-credential-x, lifetime: 1h }
  upstreams:
    - { host: ghcr.io, username: bob, password: secret, ttl: 0s, ca: /ca.pem, realms: [auth.example] }
    - { host: "127.0.0.1:5000", remoteurl: "http://127.0.0.1:5000" }
`;
  const { proxy } = await load(text, { REGISTRY_PROXY_TTL: "0" });
  expect(proxy?.main).toMatchObject({ exec: { command: "docker-credential-x", lifetimeMs: 3_600_000 }, ttlMs: 0 });
  expect(proxy).toMatchObject({ local: ["team/**"], freshMs: 10_000, maxBytes: 1e9 });
  expect(proxy?.others).toEqual([
    {
      ...nobody,
      host: "ghcr.io",
      url: "https://ghcr.io",
      username: "bob",
      password: "secret",
      ttlMs: 0,
      ca: "/ca.pem",
      realms: ["auth.example"],
    },
    { ...nobody, host: "127.0.0.1:5000", url: "http://127.0.0.1:5000", ttlMs: 0, ca: undefined, realms: [] },
  ]);
});

test("variables give the list as YAML", async () => {
  const { proxy } = await load("", { REGISTRY_PROXY_UPSTREAMS: "[{host: docker.io}]" });
  expect(proxy?.others[0]).toEqual({
    ...nobody,
    host: "docker.io",
    url: "https://registry-1.docker.io",
    ttlMs: weekMs,
    ca: undefined,
    realms: [],
  });
});

test("what does not go together is said", async () => {
  const twice = await load("proxy:\n  upstreams: [{host: a.b}, {host: a.b}, {host: c.d, username: x}]\n");
  expect(twice.problems).toEqual([
    "file:3:3: proxy.upstreams: a.b stands there twice",
    "file:3:3: proxy.upstreams: c.d has only one of username and password",
  ]);
  const idle = await load("proxy:\n  username: x\n");
  expect(idle.warnings).toEqual(["file:3:3: proxy.username: no effect without proxy.remoteurl"]);
});
