import { expect, test } from "bun:test";
import {
  emptyLayoutIndex,
  findLayoutEntry,
  formatLayoutIndex,
  layoutEntries,
  onlyLayoutEntry,
  readLayoutIndex,
  withLayoutEntry,
} from "../../../src/transfer/layout/index-file.ts";
import { digestOf } from "../../registry/stocked.ts";

const mediaType = "application/vnd.oci.image.manifest.v1+json";
const entry = (text: string, name?: string) => ({ mediaType, digest: digestOf(text), sizeBytes: 1, name });
const namesIn = (index: typeof emptyLayoutIndex) =>
  layoutEntries(index).map(({ names, descriptor }) => [descriptor.digest, ...names]);

test("withLayoutEntry() replaces a name, and an entry without one that gets a name", () => {
  let index = withLayoutEntry(emptyLayoutIndex, entry("a"));
  expect(namesIn(index)).toEqual([[digestOf("a")]]);
  index = withLayoutEntry(withLayoutEntry(index, entry("a", "v1")), entry("a", "v2"));
  expect(namesIn(index)).toEqual([
    [digestOf("a"), "v1"],
    [digestOf("a"), "v2"],
  ]);
  expect(withLayoutEntry(index, entry("a"))).toBe(index);
  expect(namesIn(withLayoutEntry(index, entry("b", "v1")))).toEqual([
    [digestOf("a"), "v2"],
    [digestOf("b"), "v1"],
  ]);
});

test("readLayoutIndex() keeps what it does not know", () => {
  const value = { schemaVersion: 2, manifests: [7, { odd: true }], annotations: { a: "b" } };
  const index = readLayoutIndex(value, "it");
  expect([JSON.parse(formatLayoutIndex(index)), layoutEntries(index)]).toEqual([value, []]);
  expect(() => readLayoutIndex({ manifests: {} }, "it")).toThrow("it: index.json has no list of manifests");
});

test("findLayoutEntry() prefers the whole name; onlyLayoutEntry() counts images and not names", () => {
  let index = withLayoutEntry(emptyLayoutIndex, entry("a", "team/app:v1"));
  index = withLayoutEntry(index, entry("b", "v1"));
  const entries = layoutEntries(index);
  expect(findLayoutEntry(entries, "v1", "it")?.descriptor.digest).toBe(digestOf("b"));
  expect(findLayoutEntry(entries, "team/app:v1", "it")?.descriptor.digest).toBe(digestOf("a"));
  expect(() => onlyLayoutEntry(entries, "it")).toThrow("it has several images; name one of team/app:v1, v1");
  const one = layoutEntries(withLayoutEntry(withLayoutEntry(emptyLayoutIndex, entry("a", "v1")), entry("a", "v2")));
  expect(onlyLayoutEntry(one, "it").descriptor.digest).toBe(digestOf("a"));
});

test("onlyLayoutEntry() says so if there is none", () => {
  expect(() => onlyLayoutEntry([], "it")).toThrow("it has no images");
});
