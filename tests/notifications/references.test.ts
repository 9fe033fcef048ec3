import { expect, test } from "bun:test";
import { readReferences } from "../../src/notifications/references.ts";

const read = (value: unknown) => readReferences(new TextEncoder().encode(JSON.stringify(value)));
const one = { size: 1, digest: "sha256:aa", mediaType: "a/b" };
const ordered = '{"mediaType":"a/b","digest":"sha256:aa","size":1}';

test.each<[string, object, string]>([
  ["config and layers of an image", { schemaVersion: 2, config: one, layers: [one] }, `[${ordered},${ordered}]`],
  ["children of an index", { manifests: [one] }, `[${ordered}]`],
  [
    "every field in registry:3's order, without empty ones, annotations sorted",
    {
      config: {
        artifactType: "c/d",
        platform: { variant: "v8", os: "linux", architecture: "arm64", "os.features": [], "os.version": "1" },
        data: "e30=",
        annotations: { b: "2", a: "1" },
        urls: ["https://example.com"],
        extra: 1,
        ...one,
      },
      layers: [{ ...one, urls: [], annotations: {}, platform: {}, data: "" }],
    },
    '[{"mediaType":"a/b","digest":"sha256:aa","size":1,"urls":["https://example.com"],"annotations":{"a":"1","b":"2"},' +
      '"data":"e30=","platform":{"architecture":"arm64","os":"linux","os.version":"1","variant":"v8"},' +
      `"artifactType":"c/d"},{"mediaType":"a/b","digest":"sha256:aa","size":1,"platform":{"architecture":"","os":""}}]`,
  ],
])("readReferences() tells %s", async (_, manifest, want) => {
  expect(JSON.stringify(await read(manifest))).toBe(want);
});

test.each([
  ["no manifest", []],
  ["an empty index", { manifests: [] }],
])("readReferences() has none for %s", async (_, value) => {
  expect(await read(value)).toBeUndefined();
});

test("readReferences() has none for bytes that are no JSON", async () => {
  expect(await readReferences(new TextEncoder().encode("{"))).toBeUndefined();
});
