import { expect, test } from "bun:test";
import { readContent } from "../../src/lib/content.ts";
import { describeObject, holdObject, parentOf } from "./memory-object.ts";

test.each([
  ["a/b/c", "a/b"],
  ["a", ""],
  ["", ""],
])("parentOf(%p)", (key, want) => {
  expect(parentOf(key)).toBe(want);
});

test("holdObject() adds to the object, moves it, and lets it go", async () => {
  const object = { bytes: new Uint8Array([1]), modifiedMs: 1, changedMs: 1, identity: 7, isDamaged: false };
  const calls: string[] = [];
  const upload = holdObject(object, {
    now: () => 5,
    move: (to) => calls.push(to),
    release: () => calls.push("released"),
  });
  await upload.append([new Uint8Array([2]), new Uint8Array([3])]);
  await upload.commit("there");
  await upload[Symbol.asyncDispose]();
  expect([describeObject(object), upload.sizeBytes, await readContent(await upload.content()), calls]).toEqual([
    { sizeBytes: 3, changedMs: 5, modifiedMs: 5, identity: "7", isDamaged: false },
    3,
    new Uint8Array([1, 2, 3]),
    ["there", "released"],
  ]);
});
