import { expect, test } from "bun:test";
import { DamageMarks } from "../../../src/storage/s3/damage-marks.ts";
import { bytesOf, openBucket } from "./bucket.ts";

async function marking() {
  const bucket = openBucket();
  const [one, two] = [1, 2].map(() => new DamageMarks(bucket.objects, "damaged/"));
  if (one === undefined || two === undefined) throw new Error("no marks");
  await bucket.objects.put("blobs/a", bytesOf("damaged"));
  const stat = async () => (await bucket.objects.stat("blobs/a")) ?? { etag: "", sizeBytes: 0, changedMs: 0 };
  return { ...bucket, one, two, stat };
}

test("a mark is of what was judged, and not of what takes its place, even if that is the same", async () => {
  const { engine, objects, one, stat } = await marking();
  const judged = await stat();
  await one.note("blobs/a", judged, true);
  const marked = await one.has("blobs/a", judged);
  engine.nowMs += 1000;
  await objects.put("blobs/a", bytesOf("damaged"));
  const healed = await stat();
  expect([marked, judged.etag === healed.etag, await one.has("blobs/a", healed)]).toEqual([true, true, false]);
});

test("a mark that is taken away is gone", async () => {
  const { one, stat } = await marking();
  for (const isDamaged of [true, false]) await one.note("blobs/a", await stat(), isDamaged);
  expect(await one.has("blobs/a", await stat())).toBe(false);
});

test("others see it a few seconds later, and ask the store no more often than that", async () => {
  const { engine, one, two, stat } = await marking();
  const judged = await stat();
  await two.has("blobs/a", judged);
  await one.note("blobs/a", judged, true);
  engine.requests.length = 0;
  const before = await two.has("blobs/a", judged);
  engine.nowMs += 5000;
  const after = await Promise.all([two.has("blobs/a", judged), two.has("blobs/b", judged)]);
  expect([before, after, engine.requests.length]).toEqual([false, [true, false], 1]);
});

test("a listing that fails is not remembered", async () => {
  const { engine, one, stat } = await marking();
  const judged = await stat();
  engine.fault = () => ({ kind: "refused", status: 403, code: "AccessDenied" });
  const failure = await one.has("blobs/a", judged).catch((error: Error) => error.name);
  engine.fault = () => undefined;
  expect([failure, await one.has("blobs/a", judged)]).toEqual(["S3Failure", false]);
});

test("sweep() removes the marks of what is gone or healed, and no others", async () => {
  const { engine, objects, one, stat } = await marking();
  await one.note("blobs/a", await stat(), true);
  await one.note("blobs/gone", await stat(), true);
  await one.sweep();
  const kept = engine.keys().filter((key) => key.startsWith("damaged/")).length;
  await objects.put("blobs/a", bytesOf("healed"));
  await one.sweep();
  expect([kept, engine.keys()]).toEqual([1, ["blobs/a"]]);
});
