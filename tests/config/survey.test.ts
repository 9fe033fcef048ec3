import { describe, expect, test } from "bun:test";
import { foreignKeys } from "../../src/config/foreign-keys.ts";
import { keyList } from "../../src/config/schema.ts";
import { buildShape } from "../../src/config/shape.ts";
import { surveyNames } from "../../src/config/survey.ts";
import { emptyMap } from "../../src/config/tree.ts";
import { parseYaml } from "../../src/config/yaml.ts";

const shape = buildShape(keyList, foreignKeys);

function survey(text: string) {
  const result = parseYaml(text, (line, column) => ({ kind: "file", file: "f", line, column }));
  return surveyNames("tree" in result ? result.tree : emptyMap({ kind: "default" }), shape);
}

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
    ["http: {tls: {ca: x}}", "f:1:14: http.tls.ca: not a known key, and ignored; did you mean proxy.ca?"],
  ])("%p", (text, want) => {
    expect(survey(text)).toEqual({ problems: [], warnings: [want] });
  });
});

describe("known keys without effect warn once in each section", () => {
  test.each<[string, readonly string[]]>([
    ["health: {storagedriver: {enabled: true}, file: [{file: x}]}", ["f:1:1: health: no effect in this version"]],
    [
      "storage:\n  cache: {blobdescriptor: redis}\n  redirect: {disable: true}",
      ["f:2:3: storage.cache, storage.redirect: no effect in this version"],
    ],
    ["notifications: {endpoints: []}\nredis:\nhttp: {secret: x, net: tcp, debug: {addr: ''}}", []],
    ["auth: {none: {}}\nhttp: {tls: {clientcas: [], clientauth: '', letsencrypt: {email: '', hosts: []}}}", []],
  ])("%p", (text, warnings) => {
    expect(survey(text)).toEqual({ problems: [], warnings });
  });
});

describe("what must not be ignored is refused", () => {
  test.each<[string, RegExp]>([
    ["auth: {htpasswd: }", /^f:1:8: auth\.htpasswd: this version has no authentication/],
    ["auth: {ldap: {}}", /^f:1:8: auth\.ldap: this version has no authentication/],
    ["auth: {token: {realm: a}}", /^f:1:8: auth\.token: /],
    ["access: {rules: [{users: [a]}]}", /^f:1:1: access: this version has no access rules/],
    ["http: {net: unix}", /^f:1:8: http\.net: must be tcp/],
    ["http: {tls: {clientcas: [/a]}}", /http\.tls\.clientcas: /],
    ["http: {tls: {clientauth: request-client-cert}}", /http\.tls\.clientauth: /],
    ["http: {tls: {letsencrypt: {cachefile: /a}}}", /http\.tls\.letsencrypt: /],
    ...["s3", "s3aws", "gcs", "azure", "swift", "oss", "inmemory", "tape"].map((driver): [string, RegExp] => [
      `storage: {filesystem: {}, ${driver}: {}}`,
      new RegExp(`^f:1:27: storage\\.${driver}: this version has no such storage driver; the one it has is filesystem`),
    ]),
    ["http: 5", /^f:1:1: http: must be a section/],
    ["storage: [filesystem]", /^f:1:1: storage: must be a section/],
    ["storage: {delete: true}", /^f:1:11: storage\.delete: must be a section/],
    ["- a", /^f:1:1: a configuration is a map of keys$/],
  ])("%p", (text, want) => {
    expect(survey(text).problems).toEqual([expect.stringMatching(want)]);
  });
});
