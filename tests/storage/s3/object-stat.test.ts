import { expect, test } from "bun:test";
import { describeObject } from "../../../src/storage/s3/object-stat.ts";

test("describeObject() takes whole seconds, so that a listing and a look say the same", () => {
  expect(describeObject({ sizeBytes: 3, changedMs: 1_790_000_000_999, etag: "e" }, true)).toEqual({
    sizeBytes: 3,
    changedMs: 1_790_000_000_000,
    modifiedMs: 1_790_000_000_000,
    identity: "e",
    isDamaged: true,
  });
});
