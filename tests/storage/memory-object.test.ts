import { expect, test } from "bun:test";
import { describeObject } from "../../src/storage/memory-object.ts";

test("describeObject() tells everything but the bytes", () => {
  const object = { bytes: new Uint8Array(3), modifiedMs: 1, changedMs: 2, identity: 7, isDamaged: false };
  expect(describeObject(object)).toEqual({
    sizeBytes: 3,
    modifiedMs: 1,
    changedMs: 2,
    identity: "7",
    isDamaged: false,
  });
});
