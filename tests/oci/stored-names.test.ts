import { expect, test } from "bun:test";
import { readStoredNames, readStoredNamesInTurns } from "../../src/oci/stored-names.ts";

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

test("readStoredNamesInTurns() reads what readStoredNames() does, and of what is huge rather too much", async () => {
  for (const [, value] of cases) {
    const long = new TextEncoder().encode(JSON.stringify({ ...(value as object), long: Array(70_000).fill(1) }));
    expect(await readStoredNamesInTurns(long)).toEqual(readStoredNames(long));
    const huge = new TextEncoder().encode(JSON.stringify({ ...(value as object), huge: Array(300_000).fill(1) }));
    const [few, many] = [readStoredNames(huge), await readStoredNamesInTurns(huge)];
    expect([...(few?.named ?? [])].every((digest) => many?.named.has(digest))).toBe(true);
    expect(many?.subject).toBeUndefined();
  }
});
