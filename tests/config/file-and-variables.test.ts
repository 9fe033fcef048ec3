// Variables as compose files and pods set them, with a file of the registry:2 image or without: what they make of it.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Configuration } from "../../src/config/schema.ts";
import { load, problemsOf } from "./written-file.ts";

const image = readFileSync(join(import.meta.dir, "files/registry-2.yml"));
const users = readFileSync(join(import.meta.dir, "files/htpasswd.yml"));

type Env = Readonly<Record<string, string>>;

test("variables only, as in a compose file", async () => {
  const env = {
    REGISTRY_HTTP_ADDR: "0.0.0.0:5000",
    REGISTRY_HTTP_SECRET: "*abc",
    REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/data",
    REGISTRY_STORAGE_DELETE_ENABLED: "yes",
    REGISTRY_AUTH: "htpasswd",
    REGISTRY_AUTH_HTPASSWD_REALM: "123",
    REGISTRY_AUTH_HTPASSWD_PATH: "/auth/htpasswd",
    REGISTRY_HTTP_TLS_CERTIFICATE: "/certs/domain.crt",
    REGISTRY_HTTP_TLS_KEY: "/certs/domain.key",
  };
  const { configuration, warnings } = await load({ env });
  expect({ configuration, warnings }).toMatchObject({
    configuration: {
      storage: { filesystem: { rootdirectory: "/data" }, delete: { enabled: true } },
      auth: { htpasswd: { isOn: true, realm: "123", path: "/auth/htpasswd" } },
      http: { addr: "0.0.0.0:5000", tls: { certificate: "/certs/domain.crt", key: "/certs/domain.key" } },
    },
    warnings: [],
  });
});

test.each<[Env, (configuration: Configuration) => unknown, unknown]>([
  [
    { REGISTRY_PROXY_REMOTEURL: "https://ghcr.io", REGISTRY_PROXY_USERNAME: "b", REGISTRY_PROXY_PASSWORD: "@a: b" },
    ({ proxy }) => [proxy?.main?.remoteurl, proxy?.main?.password],
    ["https://ghcr.io", "@a: b"],
  ],
  [
    { REGISTRY_HTTP_HEADERS: "{Access-Control-Allow-Origin: ['*'], X-A: [b]}" },
    ({ http }) => http.headers,
    { "Access-Control-Allow-Origin": ["*"], "X-A": ["b"] },
  ],
  [
    { "REGISTRY_HTTP_HEADERS_X-Content-Type-Options": '["none"]' },
    ({ http }) => http.headers,
    { "X-Content-Type-Options": ["none"] },
  ],
  [
    {
      REGISTRY_HTTP_TLS_CERTIFICATE: "c",
      REGISTRY_HTTP_TLS_KEY: "k",
      REGISTRY_HTTP_TLS_CLIENTCAS_0: "/a",
      REGISTRY_HTTP_TLS_CLIENTCAS_1: "/b",
    },
    ({ http }) => http.tls.clientcas,
    ["/a", "/b"],
  ],
  [{ REGISTRY_HTTP_TLS_CLIENTCAS: "[/a, /b]" }, ({ http }) => http.tls.clientcas, ["/a", "/b"]],
  [
    { REGISTRY_STORAGE: "filesystem", REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/x" },
    ({ storage }) => storage.filesystem.rootdirectory,
    "/x",
  ],
  [
    { REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED: "false" },
    ({ storage }) => storage.maintenance.uploadpurging.enabled,
    false,
  ],
  [
    { REGISTRY_STORAGE_MAINTENANCE_READONLY: '{"enabled":true}' },
    ({ storage }) => storage.maintenance.readonly.enabled,
    true,
  ],
  [{ REGISTRY_HTTP_ADDR: "", REGISTRY_HTTP_HOST: "" }, ({ http }) => [http.addr, http.host], [":5000", undefined]],
  [{ REGISTRY_LOG_LEVEL: "warn", REGISTRY_LOGLEVEL: "debug" }, ({ log }) => log.level, "warn"],
  [
    { REGISTRY_CATALOG_MAXENTRIES: "7", REGISTRY_TAGS_MAXTAGS: "8" },
    (c) => [c.catalog, c.tags],
    [{ maxentries: 7 }, { maxtags: 8 }],
  ],
])("%j over the image's file", async (env, pick, want) => {
  expect(pick((await load({ text: image, env })).configuration)).toEqual(want);
});

test("REGISTRY_AUTH=none takes a file's users away, as there", async () => {
  const { configuration } = await load({ text: users, env: { REGISTRY_AUTH: "none" } });
  expect(configuration.auth.htpasswd.isOn).toBe(false);
});

test.each<[Env, string[]]>([
  [
    { REGISTRY_PORT: "tcp://10.0.0.1:5000", REGISTRY_SERVICE_HOST: "10.0.0.1", REGISTRY_UI_SERVICE_PORT_HTTP: "80" },
    [],
  ],
  [{ REGISTRY_CONFIGURATION_PATH: "/x.yml", REGISTRY_VERSION: "2.8", REGISTRY_AUTH_FILE: "/run/auth.json" }, []],
  [
    { REGISTRY_HTP_ADDR: ":1" },
    ["REGISTRY_HTP_ADDR names no configuration key and is ignored; did you mean REGISTRY_HTTP_ADDR?"],
  ],
  [
    { REGISTRY_http_addr: ":1" },
    ["REGISTRY_http_addr names no configuration key and is ignored; did you mean REGISTRY_HTTP_ADDR?"],
  ],
  [
    { REGISTRY_STORAGE_FILESYSTEM_ROOTDIR: "/x" },
    [
      "REGISTRY_STORAGE_FILESYSTEM_ROOTDIR names no configuration key and is ignored; " +
        "did you mean REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY?",
    ],
  ],
  [
    { REGISTRY_REDIS_ADDR: "redis:6379", REGISTRY_REDIS_PASSWORD: "hunter2" },
    ["REGISTRY_REDIS_ADDR: redis: no effect in this version"],
  ],
])("%j warns", async (env, want) => {
  const { warnings } = await load({ text: image, env });
  expect(warnings.filter((line) => line.startsWith("REGISTRY_"))).toEqual(want);
});

test.each<[Env, readonly string[]]>([
  [
    { REGISTRY_STORAGE_S3_BUCKET: "b", REGISTRY_STORAGE_S3_REGION: "r", REGISTRY_STORAGE_S3_SECRETKEY: "hunter2" },
    ["REGISTRY_STORAGE_S3_BUCKET: storage.s3: storage has two drivers, filesystem and s3; remove one of them"],
  ],
  [
    { REGISTRY_STORAGE: "gcs", REGISTRY_STORAGE_GCS_BUCKET: "b" },
    ["REGISTRY_STORAGE: storage.gcs: this version has no such storage driver; use filesystem or s3"],
  ],
  [
    { REGISTRY_AUTH_SILLY_REALM: "x" },
    [
      "REGISTRY_AUTH_SILLY_REALM: auth.silly: silly accepts every caller without a look at credentials; " +
        "use auth.htpasswd or auth.token, or no auth at all",
    ],
  ],
  [
    { REGISTRY_HTTP_HEADERS_X: "[*]" },
    [
      "REGISTRY_HTTP_HEADERS_X: http.headers.X: is not YAML: Alias cannot be an empty string; " +
        'special characters need quotes, as in ["*"]',
    ],
  ],
  [
    { REGISTRY_HTTP_TLS_CLIENTCAS_1: "/b" },
    ["REGISTRY_HTTP_TLS_CLIENTCAS_1: http.tls.clientcas.1: the list has 0 elements, so the next index is 0"],
  ],
  [
    { REGISTRY_LOG_LEVEL: "loud", REGISTRY_STORAGE_DELETE_ENABLED: "perhaps" },
    [
      'REGISTRY_LOG_LEVEL: log.level: must be error, warn, info or debug, not "loud"',
      'REGISTRY_STORAGE_DELETE_ENABLED: storage.delete.enabled: must be true or false, not "perhaps"',
    ],
  ],
])("%j is refused", async (env, want) => {
  expect(await problemsOf({ text: image, env })).toEqual(want);
});
