// The table "Consequences users meet" of distribution's variables, as a superset: what failed there for no reason works.
import { describe, expect, test } from "bun:test";
import { listVariables } from "../../src/config/env.ts";
import { load, problemsOf } from "./written-file.ts";

const file = `version: 0.1
storage:
  filesystem: {rootdirectory: /srv}
  delete: {enabled: true}
  maintenance: {uploadpurging: {enabled: true}}
http:
  addr: :5001
  host: https://registry.example.com
  headers: {Access-Control-Allow-Origin: [none], X-B: [b]}
validation: {manifests: {urls: {allow: [a]}}}
`;

const dnsNames = (...values: string[]) => values.map((value) => ({ kind: "dns", value }));

/** The value of one key after the variables. */
async function valueAt(path: string, env: Readonly<Record<string, string>>, text = file): Promise<unknown> {
  const { configuration } = await load({ text, env });
  return path.split(".").reduce<unknown>((here, name) => (here as Record<string, unknown>)[name], configuration);
}

describe("a variable sets", () => {
  test.each<[string, string, string, unknown]>([
    ["REGISTRY_STORAGE_DELETE_ENABLED", "false", "storage.delete.enabled", false],
    ["REGISTRY_STORAGE_DELETE_ENABLED", "no", "storage.delete.enabled", false],
    ["REGISTRY_STORAGE_DELETE_ENABLED", '"yes"', "storage.delete.enabled", true],
    ["REGISTRY_STORAGE_DELETE", "{enabled: off}", "storage.delete.enabled", false],
    ["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/x", "storage.filesystem.rootdirectory", "/x"],
    ["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "*x: #1 @", "storage.filesystem.rootdirectory", "*x: #1 @"],
    ["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "123", "storage.filesystem.rootdirectory", "123"],
    ["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "'/a b'", "storage.filesystem.rootdirectory", "/a b"],
    ["REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", '"a" "b"', "storage.filesystem.rootdirectory", '"a" "b"'],
    ["REGISTRY_STORAGE_FILESYSTEM_MAXTHREADS", '"100"', "storage.filesystem.maxthreads", 100],
    ["REGISTRY_STORAGE", "filesystem", "storage.filesystem.rootdirectory", "/var/lib/registry"],
    ["REGISTRY_STORAGE", "filesystem", "storage.delete.enabled", false],
    ["REGISTRY_STORAGE", "", "storage.filesystem.rootdirectory", "/srv"],
    ["REGISTRY_STORAGE_MAINTENANCE_READONLY", '{"enabled":true}', "storage.maintenance.readonly.enabled", true],
    ["REGISTRY_STORAGE_MAINTENANCE", "{readonly: {enabled: true}}", "storage.maintenance.readonly.enabled", true],
    ["REGISTRY_STORAGE_MAINTENANCE_READONLY_ENABLED", "true", "storage.maintenance.readonly.enabled", true],
    ["REGISTRY_HTTP_ADDR", "", "http.addr", ":5000"],
    ["REGISTRY_HTTP_ADDR", ":6000", "http.addr", ":6000"],
    ["REGISTRY_HTTP_HOST", "", "http.host", undefined],
    ["REGISTRY_HTTP_DRAINTIMEOUT", "5s", "http.draintimeout", 5000],
    ["REGISTRY_LOG_LEVEL", "WARN", "log.level", "warn"],
    ["REGISTRY_NOTIFICATIONS_EVENTCONFIG_INCLUDEREFERENCES", "true", "notifications.events.includereferences", true],
    ["REGISTRY_NOTIFICATIONS_EVENTS_INCLUDEREFERENCES", "true", "notifications.events.includereferences", true],
    ["REGISTRY_NOTIFICATIONS_EVENTCONFIG", "{includereferences: on}", "notifications.events.includereferences", true],
    ["REGISTRY_LOGLEVEL", "error", "loglevel", "error"],
    ["REGISTRY_LOG_FORMATTER", "json", "log.formatter", "json"],
    ["REGISTRY_LOG_ACCESSLOG_DISABLED", "yes", "log.accesslog.disabled", true],
    ["REGISTRY_LOG_FIELDS", "{service: r, n: 5}", "log.fields", { service: "r", n: "5" }],
    ["REGISTRY_LOG_FIELDS_SERVICE", "r", "log.fields", { service: "r" }],
    [
      "REGISTRY_ACCESS_IMMUTABLE",
      '{repositories: ["**"], tags: ["v*"]}',
      "access.immutable",
      [{ repositories: ["**"], tags: ["v*"] }],
    ],
    ["REGISTRY_HTTP_TLS_SELFSIGNED", "", "http.tls.selfsigned.isOn", true],
    ["REGISTRY_HTTP_TLS_SELFSIGNED", "{sans: [a, b]}", "http.tls.selfsigned.sans", dnsNames("a", "b")],
    ["REGISTRY_HTTP_TLS_SELFSIGNED_SANS", "a", "http.tls.selfsigned.sans", dnsNames("a")],
    ["REGISTRY_HTTP_TLS_SELFSIGNED_SANS_0", "a", "http.tls.selfsigned.isOn", true],
    ["REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW", "[b, c]", "validation.manifests.urls.allow", ["b", "c"]],
    ["REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW", "^https://.+", "validation.manifests.urls.allow", ["^https://.+"]],
    ["REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW_0", "[a-z]+", "validation.manifests.urls.allow", ["[a-z]+"]],
    ["REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW_1", "b", "validation.manifests.urls.allow", ["a", "b"]],
    [
      "REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMLIST_0",
      "{architecture: amd64, os: linux}",
      "validation.manifests.indexes.platformlist",
      [{ architecture: "amd64", os: "linux" }],
    ],
  ])("%s=%s", async (name, value, path, want) => {
    expect(await valueAt(path, { [name]: value })).toEqual(want);
  });
});

test.each<[string, readonly string[]]>([
  ['["*"]', ["*"]],
  ["*", ["*"]],
  ["default-src: 'self'", ["default-src: 'self'"]],
  ["[a, 'b: c']", ["a", "b: c"]],
])("a header's variable, %p, replaces the file's header, whatever its case", async (value, want) => {
  const headers = await valueAt("http.headers", { "REGISTRY_HTTP_HEADERS_access-control-allow-origin": value });
  expect(headers).toEqual({ "Access-Control-Allow-Origin": want, "X-B": ["b"] });
});

test("variables apply from the whole to the part, list elements by their number", async () => {
  const urls = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [`REGISTRY_VALIDATION_MANIFESTS_URLS_DENY_${index}`, `${index}`]),
  );
  const env = { REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY: "/x", REGISTRY_STORAGE: "filesystem", ...urls };
  expect(await valueAt("storage.filesystem.rootdirectory", env)).toEqual("/x");
  expect(await valueAt("validation.manifests.urls.deny", env)).toEqual(Object.values(urls));
});

test("Go's parts of a platform make one element", async () => {
  const prefix = "REGISTRY_VALIDATION_MANIFESTS_INDEXES_PLATFORMLIST_0";
  const env = { [`${prefix}_ARCHITECTURE`]: "arm64", [`${prefix}_OS`]: "linux" };
  expect(await valueAt("validation.manifests.indexes.platformlist", env)).toEqual([
    { architecture: "arm64", os: "linux" },
  ]);
});

describe("a variable is refused", () => {
  test.each<[string, string, RegExp]>([
    ["REGISTRY_STORAGE_GCS_BUCKET", "b", /^REGISTRY_STORAGE_GCS_BUCKET: storage\.gcs: .*no such storage driver/],
    ["REGISTRY_STORAGE", "inmemory", /^REGISTRY_STORAGE: storage\.inmemory: .*no such storage driver/],
    ["REGISTRY_STORAGE_FILESYTEM_ROOTDIRECTORY", "/x", /storage\.filesytem: .*did you mean storage\.filesystem\?$/],
    ["REGISTRY_AUTH", "htpasswd", /^REGISTRY_AUTH: auth\.htpasswd\.path: must name the file of users/],
    ["REGISTRY_AUTH_HTPASSWD_REALM", "123", /^REGISTRY_AUTH_HTPASSWD_REALM: auth\.htpasswd\.path: /],
    ["REGISTRY_AUTH_LDAP_URL", "x", /^REGISTRY_AUTH_LDAP_URL: auth\.ldap: this version knows htpasswd and token/],
    ["REGISTRY_HTTP_TLS_CLIENTAUTH", "request-client-cert", /http\.tls\.clientauth: must be require-and-verify/],
    ["REGISTRY_HTTP_NET", "unix", /^REGISTRY_HTTP_NET: http\.net: must be tcp/],
    ["REGISTRY_LOG_LEVEL", "loud", /^REGISTRY_LOG_LEVEL: log\.level: must be error, warn, info or debug, not "loud"$/],
    ["REGISTRY_HTTP_HEADERS_X", "[*]", /^REGISTRY_HTTP_HEADERS_X: http\.headers\.X: is not YAML: .*\["\*"\]$/],
    ["REGISTRY_HTTP_HEADERS_X", '["a\\nb"]', /^REGISTRY_HTTP_HEADERS_X: http\.headers\.x: must be a header value/],
    ["REGISTRY_VALIDATION_MANIFESTS_URLS_ALLOW_5", "b", /the list has 1 elements, so the next index is 1/],
    ["REGISTRY_HTTP", "5", /^REGISTRY_HTTP: http: must be a section/],
    ["REGISTRY_HTTP_TLS_CERTIFICATE", "/a", /^REGISTRY_HTTP_TLS_CERTIFICATE: .*needs http\.tls\.key as well$/],
  ])("%s=%s", async (name, value, want) => {
    expect(await problemsOf({ text: file, env: { [name]: value } })).toEqual([expect.stringMatching(want)]);
  });
});

test("an empty variable does not empty a section: what a file protects stays protected", async () => {
  const text = `${file}auth: {htpasswd: {realm: a, path: b}}\n`;
  const { configuration } = await load({ text, env: { REGISTRY_AUTH: "" } });
  expect(configuration.auth.htpasswd).toEqual({ isOn: true, realm: "a", path: "b" });
});

describe("a variable only warns", () => {
  test.each<[string, string, RegExp]>([
    ["REGISTRY_HTTP_ADR", ":1", /^REGISTRY_HTTP_ADR names no .*did you mean REGISTRY_HTTP_ADDR\?$/],
    ["REGISTRY_http_addr", ":1", /^REGISTRY_http_addr names no .*did you mean REGISTRY_HTTP_ADDR\?$/],
    ["REGISTRY_URL", "x", /^REGISTRY_URL names no configuration key and is ignored$/],
    ["REGISTRY_LOG_LEVEL_X", "x", /names no configuration key/],
    ["REGISTRY_REDIS_ADDRS", "[a", /redis: no effect/],
  ])("%s=%s", async (name, value, want) => {
    expect((await load({ env: { [name]: value } })).warnings).toEqual([expect.stringMatching(want)]);
  });

  test("about a section without an effect, once with the file", async () => {
    const { warnings } = await load({
      text: `${file}redis: {addrs: [a]}`,
      env: { REGISTRY_REDIS_ADDRS: "[b]" },
    });
    expect(warnings).toEqual(["config.yml:11:1: redis: no effect in this version"]);
  });
});

test("variables of others are not worth a word", async () => {
  const env = {
    REGISTRY_PORT: "5000",
    REGISTRY_SERVICE_HOST: "10.0.0.1",
    REGISTRY_SERVICE_PORT: "5000",
    REGISTRY_SERVICE_PORT_HTTPS: "5000",
    REGISTRY_PORT_5000_TCP: "tcp://10.0.0.1:5000",
    REGISTRY_PORT_5000_TCP_ADDR: "10.0.0.1",
    REGISTRY_AUTH_SERVICE_HOST: "10.0.0.1",
    REGISTRY_PROXY_PORT: "tcp://10.0.0.1:5000",
    REGISTRY_STORAGE_PORT_80_TCP_PROTO: "tcp",
    REGISTRY_VERSION: "3",
    REGISTRY_CONFIGURATION_PATH: "",
    REGISTRY_HTTP_SECRET: "*abc: @",
    REGISTRY_AUTH: "none",
    REGISTRY_HTTP_NET: "tcp",
    REGISTRY_LOG_LEVEL: undefined,
    registry_http_addr: "x",
  };
  expect((await load({ env })).warnings).toEqual([]);
});

test("listVariables() sorts sections before their parts", () => {
  const names = ["REGISTRY_A_10", "REGISTRY_A", "REGISTRY_A_9", "REGISTRY_A-B", "REGISTRY_A_B"];
  const env = Object.fromEntries(names.map((name) => [name, "x"]));
  expect(listVariables(env)).toEqual(["REGISTRY_A", "REGISTRY_A_9", "REGISTRY_A_10", "REGISTRY_A_B", "REGISTRY_A-B"]);
});
