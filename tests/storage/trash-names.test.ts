import { expect, test } from "bun:test";
import { contentOfEntry, isTagged, trashNameOf } from "../../src/storage/trash-names.ts";

const content = "docker/registry/v2/blobs/sha256/ab/abc/data";

test("trashNameOf() is what its entries begin with, and contentOfEntry() the way back", () => {
  expect([trashNameOf(content), contentOfEntry("blobs/sha256/ab/abc.run-1")]).toEqual(["blobs/sha256/ab/abc", content]);
});

test("contentOfEntry() of what is no entry", () => {
  expect(contentOfEntry("blobs/sha256/a.b/abc")).toBeUndefined();
});

test.each([
  ["blobs/sha256/ab/abc.cache-run-1", true],
  ["blobs/sha256/ab/abc.run-1", false],
  ["blobs/sha256/ab/abc.cached", false],
  ["blobs/x.cache-1/ab/abc", false],
])("isTagged(%p)", (entry, want) => {
  expect(isTagged(entry, "cache")).toBe(want);
});
