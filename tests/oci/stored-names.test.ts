import { expect, test } from "bun:test";
import { readStoredNamesInTurns } from "../../src/oci/stored-names.ts";

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

const bytesOf = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test.each(cases)("readStoredNamesInTurns() of %s, short or long", async (_what, value, named, subject) => {
  for (const bytes of [bytesOf(value), bytesOf({ ...(value as object), long: Array(70_000).fill(1) })]) {
    const names = await readStoredNamesInTurns(bytes);
    expect([[...(names?.named ?? [])].toSorted(), names?.subject]).toEqual([named as never, subject as never]);
  }
});

test("readStoredNamesInTurns() goes as deep as another registry may have stored", async () => {
  const text = `${'{"x":'.repeat(100_000)}{"digest":"${a}"}${"}".repeat(100_000)}`;
  const names = await readStoredNamesInTurns(new TextEncoder().encode(text));
  expect([...(names?.named ?? [])]).toEqual([a as never]);
});

test.each(["", "null", "[]", '"x"', "{", "\uFFFD"])("readStoredNamesInTurns() of %p tells nothing", async (text) => {
  expect(await readStoredNamesInTurns(new TextEncoder().encode(text))).toBeUndefined();
});

test("readStoredNamesInTurns() reads of what is huge rather too much", async () => {
  for (const [, value, named] of cases) {
    const many = await readStoredNamesInTurns(bytesOf({ ...(value as object), huge: Array(300_000).fill(1) }));
    expect(named.every((digest) => many?.named.has(digest as never))).toBe(true);
    expect(many?.subject).toBeUndefined();
  }
});
