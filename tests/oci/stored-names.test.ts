import { expect, test } from "bun:test";
import { readStoredNames } from "../../src/oci/stored-names.ts";

const a = `sha256:${"a".repeat(64)}`;
const b = `sha256:${"b".repeat(64)}`;
const c = `sha512:${"c".repeat(128)}`;

const cases: readonly (readonly [string, unknown, readonly string[], string | undefined])[] = [
  ["an image", { config: { digest: a }, layers: [{ digest: b }, { digest: c }] }, [a, b, c], undefined],
  ["an index", { manifests: [{ digest: a }, { digest: b }] }, [a, b], undefined],
  ["an artifact manifest", { blobs: [{ digest: a }] }, [a], undefined],
  ["schema 1", { schemaVersion: 1, fsLayers: [{ blobSum: a }, { blobSum: a }] }, [a], undefined],
  ["keys that Go folds", { Config: { DIGEST: a } }, [a], undefined],
  ["an unknown field at any depth", { x: [[{ y: { digest: a } }]] }, [a], undefined],
  ["a subject, which is not needed", { config: { digest: a }, subject: { digest: b } }, [a], b],
  ["algorithms that we do not store under", { config: { digest: `sha384:${"d".repeat(96)}` } }, [], undefined],
  ["digests in annotations, which name nothing", { annotations: { other: a } }, [], undefined],
];

test.each(cases)("readStoredNames() of %s", (_what, value, named, subject) => {
  const names = readStoredNames(new TextEncoder().encode(JSON.stringify(value)));
  expect([[...(names?.named ?? [])].toSorted(), names?.subject]).toEqual([named as never, subject as never]);
});

test("readStoredNames() goes as deep as another registry may have stored", () => {
  const text = `${'{"x":'.repeat(100_000)}{"digest":"${a}"}${"}".repeat(100_000)}`;
  expect([...(readStoredNames(new TextEncoder().encode(text))?.named ?? [])]).toEqual([a as never]);
});

test.each([["", "null", "[]", '"x"', "{", "\uFFFD"]].flat())("readStoredNames() of %p tells nothing", (text) => {
  expect(readStoredNames(new TextEncoder().encode(text))).toBeUndefined();
});
