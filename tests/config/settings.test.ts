import { expect, test } from "bun:test";
import { listNodes } from "../../src/config/node.ts";
import { root } from "../../src/config/schema.ts";
import { load } from "./written-file.ts";

test.each<[string, unknown, object]>([
  ["http.addr", ":1", { kind: "file", line: 2, column: 8 }],
  ["http.draintimeout", "30s", { kind: "default" }],
  ["http.host", undefined, { kind: "default" }],
  ["http.prefix", "/", { kind: "default" }],
  ["http.headers", { "X-A": ["b"] }, { kind: "file", line: 2, column: 30 }],
  ["http.tls.selfsigned", "true", { kind: "variable", name: "REGISTRY_HTTP_TLS_SELFSIGNED" }],
  ["storage.filesystem.rootdirectory", "/var/lib/registry", { kind: "default" }],
  ["storage.delete.enabled", "false", { kind: "default" }],
  ["gc", "false", { kind: "default" }],
  ["log.level", "debug", { kind: "flag", name: "--log-level" }],
])("the setting of %s", async (path, written, origin) => {
  const { settings } = await load({
    text: "version: 0.1\nhttp: {addr: ':1', prefix: , headers: {X-A: [b]}}",
    env: { REGISTRY_HTTP_TLS_SELFSIGNED: "" },
    flags: { "log-level": ["debug"] },
  });
  expect(settings.get(path)).toMatchObject({ path, written, origin } as never);
});

test("every documented key has one", async () => {
  const { settings } = await load({});
  const documented = listNodes(root).filter(({ about }) => about.description !== undefined);
  expect([...settings.keys()]).toEqual(documented.map(({ path }) => path));
  expect([settings.get("gc")?.written, settings.get("storage.filesystem.rootdirectory")?.written]).toEqual([
    "true",
    undefined,
  ]);
});
