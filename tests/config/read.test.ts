import { describe, expect, test } from "bun:test";
import { readConfiguration } from "../../src/config/read.ts";
import { emptyMap, type Tree } from "../../src/config/tree.ts";
import { parseYaml } from "../../src/config/yaml.ts";

function read(text: string) {
  const result = parseYaml(text, (line, column) => ({ kind: "file", file: "f", line, column }));
  const tree: Tree = "tree" in result ? result.tree : emptyMap({ kind: "default" });
  return readConfiguration(tree, { hasFile: true });
}

/** The value of one key. */
function valueAt(text: string, path: string): unknown {
  const { configuration, problems } = read(text);
  if (configuration === undefined) return problems;
  return path.split(".").reduce<unknown>((here, name) => (here as Record<string, unknown>)[name], configuration);
}

describe("booleans are YAML 1.1's, quoted or not", () => {
  test.each<[string, boolean]>([
    ...["y", "Y", "yes", "Yes", "YES", "on", "ON", "true", "True", '"true"', "'on'"].map((word): [string, boolean] => [
      word,
      true,
    ]),
    ...["n", "N", "no", "NO", "off", "Off", "false", "FALSE", '"no"'].map((word): [string, boolean] => [word, false]),
  ])("%s", (word, want) => {
    expect(valueAt(`storage: {filesystem: {durable: ${word}}}`, "storage.filesystem.durable")).toEqual(want);
  });
});

describe("values", () => {
  test.each<[string, string, unknown]>([
    ["storage: {filesystem: {rootdirectory: 0123}}", "storage.filesystem.rootdirectory", "0123"],
    ["storage: {filesystem: {rootdirectory: yes}}", "storage.filesystem.rootdirectory", "yes"],
    ["storage: {filesystem: {rootdirectory: }}", "storage.filesystem.rootdirectory", "/var/lib/registry"],
    ["storage: {filesystem: {rootdirectory: ''}}", "storage.filesystem.rootdirectory", "/var/lib/registry"],
    ["storage: {filesystem: {maxthreads: '50'}}", "storage.filesystem.maxthreads", 50],
    ["log: {level: DEBUG}", "log.level", "debug"],
    ["http: {addr: ''}", "http.addr", ":5000"],
    ["http: {addr: '[::1]:5000'}", "http.addr", "[::1]:5000"],
    ["http: {headers: {X-A: b, X-C: [d, 5], X-E: }}", "http.headers", { "X-A": ["b"], "X-C": ["d", "5"], "X-E": [] }],
    ["http: {tls: {selfsigned: }}", "http.tls.selfsigned.isOn", true],
    ["http: {tls: {selfsigned: {}}}", "http.tls.selfsigned.isOn", true],
    ["http: {tls: {selfsigned: {days: 90}}}", "http.tls.selfsigned.isOn", true],
    ["http: {tls: {selfsigned: true}}", "http.tls.selfsigned.isOn", true],
    ["http: {tls: {selfsigned: off}}", "http.tls.selfsigned.isOn", false],
    ["http: {tls: }", "http.tls.selfsigned.isOn", false],
    ["http: {tls: {selfsigned: {sans: a}}}", "http.tls.selfsigned.sans", [{ kind: "dns", value: "a" }]],
  ])("%s", (text, path, want) => {
    expect(valueAt(text, path)).toEqual(want);
  });
});

describe("problems", () => {
  test.each<[string, string]>([
    [
      "http:\n  addr: x",
      'f:2:3: http.addr: must be host:port, such as :5000, 127.0.0.1:5000 or [::1]:5000, with a port up to 65535, not "x"',
    ],
    ["storage: {delete: {enabled: maybe}}", 'f:1:20: storage.delete.enabled: must be true or false, not "maybe"'],
    ["http: {headers: {X-A: [b,\n c\x07]}}", "f:2:2: http.headers.X-A: must be a header value"],
    [
      "http: {headers: {X A: b}}",
      'f:1:18: http.headers.X A: must be named like a header, and "X A" is not a header name',
    ],
    ["http: {headers: [a]}", "f:1:8: http.headers: must be a section of header names, each with a list of values"],
    [
      "http: {tls: {selfsigned: [a]}}",
      "f:1:14: http.tls.selfsigned: must be a section (its keys indented below it), empty, true or false",
    ],
    [
      "http: {tls: {selfsigned: {days: 0123}}}",
      'f:1:27: http.tls.selfsigned.days: must be a whole number of days from 1 to 3650, not "0123"',
    ],
    [
      "validation: {manifests: {urls: {allow: [a,\n  '(']}}}",
      'f:2:3: validation.manifests.urls.allow: must be a regular expression (missing closing ): `(`), not "("',
    ],
    [
      "http: {tls: {selfsigned: {sans: [a,\n  b_c]}}}",
      'f:2:3: http.tls.selfsigned.sans: "b_c" is neither a host name nor an IPv4 or IPv6 address',
    ],
    [
      `log: {formatter: ${"x".repeat(100)}}`,
      `f:1:7: log.formatter: must be text, json or logstash, not "${"x".repeat(60)}…"`,
    ],
  ])("%p", (text, want) => {
    expect(read(text).problems).toEqual([expect.stringContaining(want)]);
  });
});

describe("unknown keys warn with the nearest known one", () => {
  test.each([
    ["http:\n  adr: x", "f:2:3: http.adr: not a known key, and ignored; did you mean http.addr?"],
    ["HTTP: {addr: x}", "f:1:1: HTTP: not a known key, and ignored; did you mean http?"],
    ["log: {levle: x}", "f:1:7: log.levle: not a known key, and ignored; did you mean log.level?"],
    ["delete: {enabled: true}", "f:1:1: delete: not a known key, and ignored; did you mean storage.delete?"],
    [
      "http: {certificate: x}",
      "f:1:8: http.certificate: not a known key, and ignored; did you mean http.tls.certificate?",
    ],
    ["banana: {a: {b: c}}", "f:1:1: banana: not a known key, and ignored"],
    [
      "storage: {filesystem: {root: x}}",
      "f:1:24: storage.filesystem.root: not a known key, and ignored; did you mean storage.filesystem.rootdirectory?",
    ],
    [
      'access: {rules: [{users: [a], repositories: ["**"], actions: [pull], allow: x}]}',
      "f:1:70: access.rules.allow: not a known key, and ignored",
    ],
    ["http: {tls: {ca: x}}", "f:1:14: http.tls.ca: not a known key, and ignored; did you mean storage.s3.ca?"],
  ])("%p", (text, want) => {
    expect(read(text)).toMatchObject({ problems: [], warnings: [want] });
  });
});

describe("known keys without effect warn, each once", () => {
  test.each<[string, readonly string[]]>([
    ["redis: {addrs: [a], tls: {rootcas: [b]}}", ["f:1:1: redis: no effect in this version"]],
    [
      "storage:\n  cache: {blobdescriptor: redis}\n  redirect: {disable: true}\n  tag: {}",
      ["f:2:3: storage.cache: no effect in this version"],
    ],
    ["notifications: {endpoints: []}\nredis:\nhttp: {secret: x, net: tcp, debug: {addr: ''}}", []],
    ["auth: {none: {}}\nhttp: {tls: {clientcas: [], clientauth: '', letsencrypt: {email: '', hosts: []}}}", []],
  ])("%p", (text, warnings) => {
    expect(read(text)).toMatchObject({ problems: [], warnings });
  });
});

describe("what must not be ignored is refused", () => {
  test.each<[string, RegExp]>([
    ["auth: {htpasswd: }", /^f:1:8: auth\.htpasswd\.path: must name the file of users/],
    ["auth: {ldap: {}}", /^f:1:8: auth\.ldap: this version knows htpasswd and token/],
    [
      "auth: {token: {realm: a, service: b, issuer: c}}",
      /^f:1:8: auth\.token\.rootcertbundle: or auth.token.jwks must/,
    ],
    ["access: {rules: [{users: [a], repositories: [a]}]}", /^f:1:18: access\.rules\.actions: is missing$/],
    ["access: {rules: [{repositories: [a], actions: [pull]}]}", /must name users, groups or claims/],
    ["auth: {silly: {realm: a}}", /auth\.silly: silly accepts every caller/],
    ["http: {net: unix}", /^f:1:8: http\.net: must be tcp/],
    ["http: {tls: {clientauth: request-client-cert}}", /http\.tls\.clientauth: /],
    ["http: {tls: {letsencrypt: {cachefile: /a}}}", /http\.tls\.letsencrypt: /],
    ...["gcs", "azure", "swift", "oss", "inmemory", "tape"].map((driver): [string, RegExp] => [
      `storage: {filesystem: {}, ${driver}: {}}`,
      new RegExp(`^f:1:27: storage\\.${driver}: this version has no such storage driver; use filesystem or s3`),
    ]),
    ["http: 5", /^f:1:1: http: must be a section/],
    ["storage: [filesystem]", /^f:1:1: storage: must be a section/],
    ["storage: {delete: true}", /^f:1:11: storage\.delete: must be a section/],
    ["- a", /^f:1:1: a configuration is a map of keys$/],
  ])("%p", (text, want) => {
    expect(read(text).problems).toEqual([expect.stringMatching(want)]);
  });
});
