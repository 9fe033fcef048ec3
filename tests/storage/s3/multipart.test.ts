import { describe, expect, test } from "bun:test";
import {
  abortMultipart,
  completeMultipart,
  copyPart,
  createMultipart,
  listParts,
  putPart,
} from "../../../src/storage/s3/multipart.ts";
import { bytesOf, openBucket } from "./bucket.ts";
import type { Fault } from "./engine.ts";

async function uploaded(texts: readonly string[]) {
  const bucket = openBucket();
  const upload = await createMultipart(bucket.objects, "k");
  const parts = [];
  for (const [index, text] of texts.entries())
    parts.push(await putPart(bucket.objects, upload, { number: index + 1, bytes: bytesOf(text) }));
  return { ...bucket, upload, parts };
}

describe("an upload in parts", () => {
  test("is there when it is completed, and not before", async () => {
    const { engine, objects, upload, parts } = await uploaded(["one", "two", "3"]);
    const listed = await listParts(objects, upload);
    const before = engine.text("k");
    const stat = await completeMultipart(objects, upload, parts);
    expect([listed, before, stat?.sizeBytes, engine.text("k"), await listParts(objects, upload)]).toEqual([
      parts,
      undefined,
      7,
      "onetwo3",
      undefined,
    ]);
  });

  test("is not completed with a part that somebody else has replaced", async () => {
    const { engine, objects, upload, parts } = await uploaded(["one", "two"]);
    await putPart(objects, upload, { number: 1, bytes: bytesOf("zombie") });
    expect([await completeMultipart(objects, upload, parts), engine.text("k")]).toEqual([undefined, undefined]);
  });

  test.each([
    ["lost", { kind: "lost" }],
    ["another one", { kind: "misreported", status: 500, code: "InternalError" }],
    ["an error in a 200", { kind: "misreported", status: 200, code: "InternalError" }],
    ["none, nor a deed", { kind: "dropped" }],
    ["given twice", { kind: "doubled" }],
  ] as [string, Fault][])("is completed although the answer was %s", async (_, fault) => {
    const { engine, objects, upload, parts } = await uploaded(["one", "two"]);
    const faults = [fault];
    engine.fault = ({ method }) => (method === "POST" ? faults.shift() : undefined);
    const stat = await completeMultipart(objects, upload, parts);
    expect([stat?.sizeBytes, engine.text("k")]).toEqual([6, "onetwo"]);
  });

  test.each([
    [404, "NoSuchUpload"],
    [500, "UnknownError"],
  ])("that was aborted cannot be completed, even if the store answers %p %p", async (status, code) => {
    const { engine, objects, upload, parts, pauses } = await uploaded(["one"]);
    engine.multiparts.goneStatus = { status, code };
    await abortMultipart(objects, upload);
    await abortMultipart(objects, upload);
    expect([await completeMultipart(objects, upload, parts), engine.keys(), pauses]).toEqual([undefined, [], []]);
  });

  test("takes parts from ranges of an object, if it is still the same", async () => {
    const { engine, objects, upload } = await uploaded([]);
    const { etag } = await objects.put("source", bytesOf("0123456789"));
    const range = { from: "source", start: 2, end: 5, etag };
    const parts = [await copyPart(objects, upload, { ...range, number: 1 })];
    await objects.put("source", bytesOf("other"));
    const late = await copyPart(objects, upload, { ...range, number: 2 }).catch((error: Error) => error.message);
    await completeMultipart(objects, upload, parts);
    expect([engine.text("k"), late]).toEqual(["234", "PUT k (partNumber) was answered 412 PreconditionFailed"]);
  });

  test("without an identifier has not begun", async () => {
    const { objects, client } = openBucket();
    Object.assign(client.options, { send: async () => new Response("<InitiateMultipartUploadResult/>") });
    const failure = await createMultipart(objects, "k").catch((error: Error) => error.message);
    expect(failure).toBe("POST k (uploads) was answered 200 without an upload's identifier");
  });
});
