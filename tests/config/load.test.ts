import { describe, expect, test } from "bun:test";
import { tmpdir } from "node:os";
import { ConfigurationError, loadConfiguration } from "../../src/config/load.ts";
import { load, problemsOf, writtenFile } from "./written-file.ts";

/** config.yml of the registry:2 image. */
const image2 = `version: 0.1
log:
  fields:
    service: registry
storage:
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
http:
  addr: :5000
  headers:
    X-Content-Type-Options: [nosniff]
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

/** config.yml of the registry:3 image. */
const image3 = `version: 0.1
log:
  level: debug
  fields:
    service: registry
    environment: development
storage:
  delete:
    enabled: true
  cache:
    blobdescriptor: inmemory
  filesystem:
    rootdirectory: /var/lib/registry
  tag:
    concurrencylimit: 5
http:
  addr: :5000
  debug:
    addr: :5001
    prometheus:
      enabled: true
      path: /metrics
health:
  storagedriver:
    enabled: true
    interval: 10s
    threshold: 3
`;

const dayMs = 24 * 3_600_000;

const readonly = { enabled: false };
const uploadpurging = { enabled: true, age: 7 * dayMs, interval: dayMs, dryrun: false };
const platforms = { platforms: "all", platformlist: [] };

const noBucket = {
  ...{ isOn: false, secure: true, skipverify: false, v4auth: true, encrypt: false, cache: {}, loglevel: "off" },
  ...{ usedualstack: false, accelerate: false, usefipsendpoint: false, chunksize: 10_485_760 },
  ...{ multipartcopychunksize: 33_554_432, multipartcopymaxconcurrency: 100, multipartcopythresholdsize: 33_554_432 },
};

const fromImage2 = {
  version: "0.1",
  log: { formatter: "text", fields: { service: "registry" }, accesslog: { disabled: false } },
  loglevel: "info",
  storage: {
    filesystem: { rootdirectory: "/var/lib/registry", durable: true, maxthreads: 100 },
    delete: { enabled: false },
    maintenance: { readonly, uploadpurging },
    redirect: { disable: false },
    s3: noBucket,
    tag: { concurrencylimit: 0 },
  },
  // No chores without a word about them in the file.
  gc: { isOn: false, interval: dayMs, grace: dayMs, deleteuntagged: false, keep: [] },
  verify: { isOn: false, interval: 7 * dayMs, rate: 50_000_000 },
  http: {
    addr: ":5000",
    prefix: "/",
    relativeurls: false,
    trustedproxies: [],
    headers: { "X-Content-Type-Options": ["nosniff"] },
    draintimeout: 30_000,
    limits: {
      connections: 10_000,
      uploads: 1000,
      sessions: 1000,
      loginfailures: 60,
      headersize: 64 * 1024,
      manifestsize: 4 * 1024 * 1024,
      blobsize: 0,
      bodyrate: 512,
      stalltimeout: 60_000,
      idletimeout: 255_000,
    },
    tls: {
      minimumtls: "tls1.2",
      selfsigned: { isOn: false, sans: [], days: 397, key: "ecdsa" },
      clientcas: [],
      clientauth: "require-and-verify-client-cert",
    },
    debug: { prometheus: { enabled: false, path: "/metrics" } },
  },
  health: { storagedriver: { enabled: true, interval: 10_000, threshold: 3 }, file: [], http: [], tcp: [] },
  catalog: { maxentries: 1000 },
  sync: [],
  tags: { maxtags: 1000 },
  notifications: { events: { includereferences: false }, endpoints: [] },
  proxy: undefined,
  validation: { enabled: false, disabled: false, manifests: { urls: { allow: [], deny: [] }, indexes: platforms } },
  auth: {
    htpasswd: { isOn: false, realm: "registry" },
    token: { isOn: false, signingalgorithms: [], autoredirect: false, autoredirectpath: "/auth/token" },
  },
  access: { isOn: false, anonymous: [], groups: {}, oidc: [], immutable: [] },
} as const;

describe("the files of distribution's images", () => {
  test("registry:2", async () => {
    const { configuration, warnings } = await load({ text: image2 });
    expect(configuration).toEqual(fromImage2 as never);
    expect(warnings).toEqual(["config.yml:6:3: storage.cache: no effect in this version"]);
  });

  test("registry:3", async () => {
    const { configuration, warnings } = await load({ text: image3 });
    expect(configuration).toEqual({
      ...fromImage2,
      log: {
        ...fromImage2.log,
        level: "debug",
        fields: { service: "registry", environment: "development" },
      },
      storage: { ...fromImage2.storage, delete: { enabled: true }, tag: { concurrencylimit: 5 } },
      http: {
        ...fromImage2.http,
        headers: {},
        debug: { addr: ":5001", prometheus: { enabled: true, path: "/metrics" } },
      },
    } as never);
    expect(warnings).toEqual(["config.yml:10:3: storage.cache: no effect in this version"]);
  });
});

test("without a file everything works at once", async () => {
  const { configuration, warnings } = await load({});
  expect({ configuration, warnings }).toMatchObject({
    configuration: {
      gc: { isOn: true, interval: dayMs, grace: dayMs, deleteuntagged: false, keep: [] },
      verify: { isOn: false },
      storage: { filesystem: { durable: true }, delete: { enabled: true }, maintenance: { readonly } },
      http: { addr: ":5000", draintimeout: 30_000, tls: { selfsigned: { isOn: true } } },
      validation: { manifests: { urls: { allow: [".*"], deny: [] }, indexes: platforms } },
    },
    warnings: [],
  });
});

test("flags win over variables, variables over the file, the file over defaults", async () => {
  const text = "version: 0.1\nhttp: {addr: ':1', prefix: /a/, host: 'http://a'}\n";
  const env = { REGISTRY_HTTP_ADDR: ":2", REGISTRY_HTTP_PREFIX: "/b/" };
  const { settings } = await load({ text, env, flags: { addr: [":3"] } });
  const seen = ["addr", "prefix", "host", "draintimeout"].map((name) => settings.get(`http.${name}`));
  expect(seen).toMatchObject([
    { path: "http.addr", written: ":3", origin: { kind: "flag", name: "--addr" } },
    { path: "http.prefix", written: "/b/", origin: { kind: "variable", name: "REGISTRY_HTTP_PREFIX" } },
    { path: "http.host", written: "http://a", origin: { kind: "file", line: 2, column: 33 } },
    { path: "http.draintimeout", written: "30s", origin: { kind: "default" } },
  ]);
});

test("a bad flag is named", async () => {
  expect(await problemsOf({ flags: { addr: ["5000"], "log-level": ["loud"] } })).toEqual([
    expect.stringMatching(/^--addr: must be host:port/),
    '--log-level: must be error, warn, info or debug, not "loud"',
  ]);
});

test("all problems of a file come at once, in the order of its lines, with the variables' problems", async () => {
  const text = `version: 0.2
storage:
  tape: {}
http:
  adr: x
  addr: "5000"
  draintimeout: -1s
  tls:
    certificate: /c
log: {level: loud}
auth: htpasswd
`;
  const problems = await problemsOf({ text, env: { REGISTRY_STORAGE_DELETE_ENABLED: "maybe" } });
  expect(problems?.map((line) => line.split(": ").slice(0, 2).join(": "))).toEqual([
    "config.yml:1:1: version",
    "config.yml:3:3: storage.tape",
    "config.yml:6:3: http.addr",
    "config.yml:7:3: http.draintimeout",
    "config.yml:9:5: http.tls.certificate",
    "config.yml:10:7: log.level",
    "config.yml:11:1: auth.htpasswd.path",
    "REGISTRY_STORAGE_DELETE_ENABLED: storage.delete.enabled",
  ]);
});

test("an error carries the warnings as well, and its message is its lines", async () => {
  const error = await load({ text: "version: 0.1\nhttp: {adr: x, addr: x}" }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ConfigurationError);
  expect(error).toMatchObject({
    name: "ConfigurationError",
    message: expect.stringMatching(/^config\.yml:2:16: http\.addr: must be/),
    warnings: [expect.stringContaining("did you mean http.addr?")],
  });
});

describe("a file that cannot be read as one", () => {
  test.each<[string | Uint8Array, RegExp]>([
    ["", /^config\.yml:1:1: version: is missing; a file begins with the line version: 0\.1$/],
    ["version:\n", /version: is missing/],
    ["hello", /^config\.yml:1:1: a configuration is a map of keys$/],
    ["- version: 0.1", /a configuration is a map of keys/],
    [
      "version: 0.1\nauth: {none: {a: 1}}\nauth: {none: {a: 2}}",
      /^config\.yml:3:1: auth: the key is repeated here and hides/,
    ],
    ["version: 0.1\nlog: [a", /^config\.yml:2:\d+: /],
    [new Uint8Array([0xff, 0xfe, 0x00]), /^config\.yml: is not UTF-8 text$/],
    [" ".repeat(256 * 1024 + 1), /^config\.yml: is larger than 256 KiB$/],
  ])("%p", async (text, want) => {
    expect(await problemsOf({ text })).toContainEqual(expect.stringMatching(want));
  });

  test.each([
    [`${tmpdir()}/no/such/file.yml`, /: there is no such file; /],
    [tmpdir(), /: is a directory, not a file; /],
    ["a\0b", /: cannot be read/],
  ])("%p", async (path, want) => {
    const error = await loadConfiguration({ path, env: {}, flags: {} }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: "ConfigurationError", problems: [expect.stringMatching(want)] });
  });
});

test("what YAML says twice about one place is told once", async () => {
  const problems = await problemsOf({ text: "@@@@: [[[\n" });
  expect(problems).toEqual([...new Set(problems)]);
});

describe("which file", () => {
  test("the argument, else REGISTRY_CONFIGURATION_PATH", async () => {
    await using one = await writtenFile("version: 0.1\nhttp: {addr: ':1'}");
    await using two = await writtenFile("version: 0.1\nhttp: {addr: ':2'}");
    const env = { REGISTRY_CONFIGURATION_PATH: two.path };
    const byArgument = await loadConfiguration({ path: one.path, env, flags: {} });
    const byVariable = await loadConfiguration({ path: undefined, env, flags: {} });
    expect([byArgument, byVariable].map(({ configuration, warnings }) => [configuration.http.addr, warnings])).toEqual([
      [":1", []],
      [":2", []],
    ]);
  });
});

test.each(["storage: filesystem", "storage: {filesystem: }", "auth: none\nstorage:\n", "x: &a {b: c}\nlog: {<<: *a}"])(
  "%p is a file that loads",
  async (text) => {
    expect((await load({ text: `version: 0.1\n${text}` })).configuration.storage.filesystem.rootdirectory).toEqual(
      "/var/lib/registry",
    );
  },
);
