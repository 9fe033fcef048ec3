import { describe, expect, test } from "bun:test";
import { copyObject, planRanges } from "../../../src/storage/s3/server-copy.ts";
import { bytesOf, openBucket } from "./bucket.ts";

const plan = { wholeBytes: 4, partBytes: 3, concurrency: 2 };

describe("copyObject()", () => {
  test.each(["", "1234", "12345", "123456789"])("copies %j", async (text) => {
    const { engine, objects } = openBucket();
    await objects.put("from", bytesOf(text));
    const judged = await objects.stat("from");
    if (judged === undefined) throw new Error("nothing is there");
    expect([
      await copyObject(objects, { from: "from", to: "to", judged }, plan),
      engine.text("to"),
      engine.multiparts.open.size,
    ]).toEqual([true, text, 0]);
  });

  test("copies nothing but what was judged, and leaves no upload behind", async () => {
    const { engine, objects } = openBucket();
    const outcomes: unknown[] = [];
    for (const text of ["1234", "123456789"]) {
      await objects.put("from", bytesOf(text));
      const judged = await objects.stat("from");
      if (judged === undefined) throw new Error("nothing is there");
      await objects.put("from", bytesOf("other"));
      outcomes.push(
        await copyObject(objects, { from: "from", to: "to", judged }, plan).catch((error: Error) => error.name),
      );
    }
    expect([outcomes, engine.keys(), engine.multiparts.open.size]).toEqual([[false, "S3Failure"], ["from"], 0]);
  });
});

test.each([
  [
    10,
    4,
    [
      [0, 4],
      [4, 8],
      [8, 10],
    ],
  ],
  [
    8,
    4,
    [
      [0, 4],
      [4, 8],
    ],
  ],
])("planRanges() of %p bytes in parts of %p", (sizeBytes, partBytes, want) => {
  expect(planRanges(sizeBytes, { partBytes }).map(({ start, end }) => [start, end])).toEqual(want);
});

test("planRanges() needs no more parts than a store takes", () => {
  const ranges = planRanges(5 * 1024 ** 4, { partBytes: 64 * 1024 ** 2 });
  expect([ranges.length <= 10_000, ranges.at(-1)?.end]).toEqual([true, 5 * 1024 ** 4]);
});
