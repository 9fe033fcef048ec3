import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError, loadConfiguration } from "../../src/config/load.ts";
import { parseRegistryUrl } from "../../src/config/proxy-section.ts";
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

const weekMs = 168 * 3_600_000;
const defaults = { others: [], local: [], fresh: 60_000, cachewritetimeout: 300_000 };

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
    host: "registry-1.docker.io",
    remoteurl: "https://registry-1.docker.io",
    username: "alice",
    password: "123",
    exec: undefined,
    ttl: 24 * 3_600_000,
    realms: [],
  };
  expect(await load(text)).toEqual({
    proxy: { ...defaults, ttl: main.ttl, main, cachewritetimeout: 60_000 },
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
  expect(proxy?.main).toMatchObject({ exec: { command: "docker-credential-x", lifetime: 3_600_000 }, ttl: 0 });
  expect(proxy).toMatchObject({ local: ["team/**"], fresh: 10_000, maxsize: 1e9 });
  expect(proxy?.others).toEqual([
    {
      host: "ghcr.io",
      remoteurl: "https://ghcr.io",
      username: "bob",
      password: "secret",
      ttl: 0,
      exec: undefined,
      ca: "/ca.pem",
      realms: ["auth.example"],
    },
    { host: "127.0.0.1:5000", exec: undefined, remoteurl: "http://127.0.0.1:5000", ttl: 0, realms: [] },
  ]);
});

test("variables give the list as YAML", async () => {
  const { proxy } = await load("", { REGISTRY_PROXY_UPSTREAMS: "[{host: docker.io}]" });
  expect(proxy?.others[0]).toEqual({
    host: "docker.io",
    exec: undefined,
    remoteurl: "https://registry-1.docker.io",
    ttl: weekMs,
    realms: [],
  });
});

test("what does not go together is said", async () => {
  const twice = await load("proxy:\n  upstreams: [{host: a.b}, {host: a.b}, {host: c.d, username: x}]\n");
  expect(twice.problems).toEqual([
    "file:3:3: proxy.upstreams: a.b is listed twice",
    "file:3:3: proxy.upstreams: c.d has only one of username and password",
  ]);
  const idle = await load("proxy:\n  username: x\n");
  expect(idle.warnings).toEqual(["file:3:3: proxy.username: no effect without proxy.remoteurl"]);
});

test.each([
  ["https://ghcr.io", "https://ghcr.io"],
  ["ghcr.io", "https://ghcr.io"],
  ["docker.io", "https://registry-1.docker.io"],
  ["https://index.docker.io/", "https://registry-1.docker.io"],
  ["http://127.0.0.1:5000/", "http://127.0.0.1:5000"],
  ["localhost:5000", "https://localhost:5000"],
  ["https://host.example/path/", "https://host.example/path"],
  ["ftp://host.example", undefined],
  ["https://user@host.example", undefined],
  ["https://host.example/?a", undefined],
  ["https://", undefined],
  ["", undefined],
])("parseRegistryUrl(%p) is %p", (written, want) => {
  expect(parseRegistryUrl(written)).toEqual(want);
});

test.each<[string, RegExp]>([
  ["{maxsize: 0}", /^file:2:9: proxy\.maxsize: must be a size above 0, such as 100GB or 500MiB, not "0"$/],
  ["{local: [Team]}", /^file:2:17: proxy\.local: must be a repository name, in which /],
  [
    "{upstreams: [{host: ghcr.io, ttl: soon}]}",
    /^file:2:37: proxy\.upstreams\.ttl: must be a duration such as 168h; 0s: for/,
  ],
  ["{upstreams: [{host: GHCR.io}]}", /^file:2:22: proxy\.upstreams\.host: must be a host name in lower case/],
  [
    "{upstreams: [{host: ghcr.io, user: x}]}",
    /^file:2:37: proxy\.upstreams\.user: must have the key host.*did you mean/,
  ],
  ["{upstreams: [ghcr.io]}", /^file:2:21: proxy\.upstreams: must have the key host/],
  ["{upstreams: [{username: x, password: y}]}", /^file:2:21: proxy\.upstreams\.host: must be the registry's name/],
  ["{password: [secret]}", /^file:2:9: proxy\.password: must be text$/],
])("proxy: %s is refused", async (text, want) => {
  expect((await load(`proxy: ${text}`)).problems).toEqual([expect.stringMatching(want)]);
});
