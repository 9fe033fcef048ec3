import { expect, test } from "bun:test";
import {
  emptyRecord,
  putRecord,
  readRecord,
  sizeOf,
  type UploadRecord,
} from "../../../src/storage/s3/upload-record.ts";
import { bytesOf, openBucket } from "./bucket.ts";

const record: UploadRecord = {
  uploadId: "u",
  dataKey: "data-1",
  parts: [{ number: 1, etag: "a", sizeBytes: 5 }],
  tail: { key: "tail-1", etag: "b", sizeBytes: 2 },
  sealed: undefined,
  note: "note",
  beside: ["owner"],
  isGone: false,
};

test("a record is read as it was put, and replaced by one of several", async () => {
  const { objects } = openBucket();
  const created = await putRecord(objects, { key: "session", expected: "nothing", nonce: "1" }, emptyRecord);
  const read = await readRecord(objects, "session");
  const expected = { etag: read?.etag ?? "" };
  const outcomes = await Promise.all(
    ["2", "3"].map((nonce) => putRecord(objects, { key: "session", expected, nonce }, record)),
  );
  const after = await readRecord(objects, "session");
  expect([created.isPut, read?.record, outcomes.filter(({ isPut }) => isPut).length, after?.record]).toEqual([
    true,
    emptyRecord,
    1,
    record,
  ]);
});

test("a record that does not say what is beside it leaves that open", async () => {
  const { objects } = openBucket();
  await objects.put("session", bytesOf('{"parts":[]}'));
  expect((await readRecord(objects, "session"))?.record).toEqual({ ...emptyRecord, beside: undefined });
});

test("its size is that of its parts and its tail, or of what was put together", () => {
  expect([
    sizeOf(emptyRecord),
    sizeOf(record),
    sizeOf({ ...record, sealed: { key: "data-1", etag: "c", sizeBytes: 9 } }),
  ]).toEqual([0, 7, 9]);
});

test.each(["", "{", "null", '{"parts":1}'])("what nobody can read is no record: %j", async (text) => {
  const { objects } = openBucket();
  await objects.put("session", bytesOf(text));
  expect(await readRecord(objects, "session")).toBeUndefined();
});
