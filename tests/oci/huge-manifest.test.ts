import { expect, test } from "bun:test";
import { isStoredManifestInTurns, readHugeManifest, storedMediaTypeInTurns } from "../../src/oci/huge-manifest.ts";
import { isStoredManifest, storedMediaType } from "../../src/oci/manifest.ts";

const a = `sha256:${"a".repeat(64)}`;
const b = `sha512:${"b".repeat(128)}`;
const hugeKeys = Object.fromEntries(Array.from({ length: 6_000 }, (_, index) => [`key-${index}`, { mediaType: "no" }]));

function bytesOf(value: object, space?: number): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value, null, space));
}

test.each([
  ["an image", { schemaVersion: 2, mediaType: "a/b", config: { digest: a }, layers: [{ digest: b }] }],
  ["an image without a type", { schemaVersion: 2, layers: [] }],
  ["an index without a type", { schemaVersion: 2, manifests: [{ mediaType: "c/d", digest: a }] }],
  ["a type that needs escapes", { schemaVersion: 2, mediaType: 'a/b"\n\u00e9' }],
  ["an empty type", { schemaVersion: 2, mediaType: "" }],
  ["schema 1", { schemaVersion: 1 }],
  ["no version", { mediaType: "a/b" }],
])("what is huge is understood as what is not: %s", async (_what, fields) => {
  for (const space of [0, 2]) {
    for (const value of [
      { ...fields, hugeKeys },
      { hugeKeys, ...fields },
    ]) {
      const bytes = bytesOf(value, space);
      expect(await readHugeManifest(bytes)).toBeDefined();
      expect([await storedMediaTypeInTurns(bytes), await isStoredManifestInTurns(bytes)]).toEqual([
        storedMediaType(bytes),
        isStoredManifest(bytes),
      ]);
    }
  }
});

test("readHugeManifest() finds digests wherever they stand, and however they are written", async () => {
  const escaped = JSON.stringify(a).replace("sha256", "\\u0073ha256");
  const text = JSON.stringify({ hugeKeys, deep: [[{ digest: b }]], note: "sha256:x", long: "y".repeat(5000) });
  const bytes = new TextEncoder().encode(text.replace('"deep"', `"written":${escaped},"deep"`));
  expect([...((await readHugeManifest(bytes))?.named ?? [])].toSorted()).toEqual([a, b] as never);
});

test("readHugeManifest() leaves what can be parsed in a moment", async () => {
  expect([await readHugeManifest(bytesOf({})), await readHugeManifest(bytesOf({ x: "y".repeat(1e6) }))]).toEqual([
    undefined,
    undefined,
  ]);
});

test.each(['{"a":"', '{"a":"\\', "{".repeat(300_000), `{"schemaVersion":${" ".repeat(200_000)}`])(
  "readHugeManifest() comes to an end of what is no JSON",
  async (end) => {
    const bytes = new TextEncoder().encode(JSON.stringify({ hugeKeys }).replace(/}$/, `,${end}`));
    expect((await readHugeManifest(bytes))?.named.size).toBe(0);
  },
);
