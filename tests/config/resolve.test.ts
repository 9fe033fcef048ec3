import { describe, expect, test } from "bun:test";
import { resolveKeys, settingOrigin, settingValue } from "../../src/config/resolve.ts";
import { type AnyKey, keyList, keys } from "../../src/config/schema.ts";
import { emptyMap, type Tree } from "../../src/config/tree.ts";
import { parseYaml } from "../../src/config/yaml.ts";

function resolve(text: string) {
  const result = parseYaml(text, (line, column) => ({ kind: "file", file: "f", line, column }));
  const tree: Tree = "tree" in result ? result.tree : emptyMap({ kind: "default" });
  return resolveKeys(tree, { hasFile: true });
}

describe("booleans are YAML 1.1's, quoted or not", () => {
  test.each<[string, boolean]>([
    ...["y", "Y", "yes", "Yes", "YES", "on", "ON", "true", "True", '"true"', "'on'"].map((word): [string, boolean] => [
      word,
      true,
    ]),
    ...["n", "N", "no", "NO", "off", "Off", "false", "FALSE", '"no"'].map((word): [string, boolean] => [word, false]),
  ])("%s", (word, want) => {
    const { settings, problems } = resolve(`storage: {filesystem: {durable: ${word}}}`);
    expect([settingValue(settings, keys.isDurable), problems]).toEqual([want, []]);
  });
});

describe("values", () => {
  test.each<[string, AnyKey, unknown]>([
    ["storage: {filesystem: {rootdirectory: 0123}}", keys.rootDirectory, "0123"],
    ["storage: {filesystem: {rootdirectory: yes}}", keys.rootDirectory, "yes"],
    ["storage: {filesystem: {rootdirectory: }}", keys.rootDirectory, "/var/lib/registry"],
    ["storage: {filesystem: {rootdirectory: ''}}", keys.rootDirectory, "/var/lib/registry"],
    ["storage: {filesystem: {maxthreads: '50'}}", keys.maxThreads, 50],
    ["log: {level: DEBUG}", keys.logLevel, "debug"],
    ["http: {addr: ''}", keys.addr, ":5000"],
    ["http: {addr: '[::1]:5000'}", keys.addr, "[::1]:5000"],
    ["http: {headers: {X-A: b, X-C: [d, 5], X-E: }}", keys.headers, { "X-A": ["b"], "X-C": ["d", "5"], "X-E": [] }],
    ["http: {tls: {selfsigned: }}", keys.isSelfSigned, true],
    ["http: {tls: {selfsigned: {}}}", keys.isSelfSigned, true],
    ["http: {tls: {selfsigned: {days: 90}}}", keys.isSelfSigned, true],
    ["http: {tls: {selfsigned: true}}", keys.isSelfSigned, true],
    ["http: {tls: {selfsigned: off}}", keys.isSelfSigned, false],
    ["http: {tls: }", keys.isSelfSigned, false],
    ["http: {tls: {selfsigned: {sans: a}}}", keys.sans, [{ kind: "dns", value: "a" }]],
  ])("%s", (text, key, want) => {
    const { settings, problems } = resolve(text);
    expect([settingValue(settings, key), problems]).toEqual([want, []]);
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
    ["http: {headers: {X A: b}}", 'f:1:18: http.headers.X A: must be named like a header, and "X A" is no header name'],
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
    expect(resolve(text).problems).toEqual([expect.stringContaining(want)]);
  });
});

test("settings know where they were written", () => {
  const { settings } = resolve("http:\n  addr: :1");
  expect(settingOrigin(settings, keys.addr)).toEqual({ kind: "file", file: "f", line: 2, column: 3 });
  expect(settingOrigin(settings, keys.host)).toEqual({ kind: "default" });
  expect([...settings.keys()]).toEqual(keyList.map(({ path }) => path));
});
