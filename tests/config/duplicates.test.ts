import { expect, test } from "bun:test";
import { judgeDuplicates } from "../../src/config/duplicates.ts";
import { parseYaml } from "../../src/config/yaml.ts";

function judge(text: string): unknown {
  const result = parseYaml(text, () => ({ kind: "default" }));
  return "tree" in result ? judgeDuplicates(result.duplicates) : result;
}

test.each([
  ["http: {addr: ':1', host: a}\nhttp: {addr: ':2'}", "2:1: http"],
  ["log: {level: info, level: debug}", "1:20: log.level"],
  ["http: {tls: {certificate: a}}\nhttp: {addr: ':2'}", "2:1: http"],
  ["http: {tls: {key: a}}\nhttp: {tls: {key: a, certificate: b}}", "2:1: http"],
  ["auth: {htpasswd: {realm: a}}\nauth:", "2:1: auth"],
])("%p is warned about", (text, where) => {
  expect(judge(text)).toEqual({
    problems: [],
    warnings: [`${where}: the key is repeated here; the last one counts`],
  });
});

test.each([
  ["auth: {htpasswd: {realm: a}}\nauth: {htpasswd: {realm: b}}", "2:1: auth", "auth.htpasswd.realm"],
  ["auth: {htpasswd: {realm: a}}\nauth: none", "2:1: auth", "auth"],
  ["http: {tls: {key: a}}\nhttp: {tls: {key: b}}", "2:1: http", "http.tls.key"],
  ["http: {tls: {key: a}}\nhttp: false", "2:1: http", "http"],
  [
    "storage: {maintenance: {readonly: {enabled: true, enabled: false}}}",
    "1:51: storage.maintenance.readonly.enabled",
    "storage.maintenance.readonly.enabled",
  ],
  ["access: {tokens: false}\naccess: {tokens: true}", "2:1: access", "access.tokens"],
  ["storage: {delete: {enabled: false}}\nstorage: {delete: {enabled: true}}", "2:1: storage", "storage.delete.enabled"],
])("%p is refused", (text, where, hidden) => {
  const problem = `${where}: the key is repeated here and hides the earlier ${hidden}; remove one of them`;
  expect(judge(text)).toEqual({ problems: [problem], warnings: [] });
});
