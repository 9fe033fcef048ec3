import { expect, test } from "bun:test";
import { readSegment, SegmentObject } from "../../../src/storage/s3/segment-object.ts";
import { bytesOf, openBucket } from "./bucket.ts";

const key = "notifications/segments/1";
const record = (index: number) => ({ index, waiting: ["0123456789ab"], text: `{"n":${index}}` });

test("is replaced by its holder until another one has taken it over", async () => {
  const { objects } = openBucket();
  const mine = new SegmentObject({ objects, key, id: "me" });
  expect([
    await mine.put([record(0)], { appendedMs: 1 }),
    await mine.put([record(0), record(1)], { appendedMs: 2 }),
  ]).toEqual([true, true]);
  const found = await readSegment(objects, key);
  const other = new SegmentObject({ objects, key, id: "other" }, found);
  expect([
    await other.put(found?.records ?? [], { appendedMs: 2 }),
    await mine.put([], { appendedMs: 3 }),
    await mine.isOurs(),
    (await other.read())?.records.length,
  ]).toEqual([true, false, false, 2]);
  await other.delete();
  expect([await other.put([record(1)], { appendedMs: 4 }), await other.read()]).toEqual([false, undefined]);
});

test("goes on after a put of which nobody knew what came of it", async () => {
  const { objects, engine } = openBucket({ limits: { attempts: 1, totalMs: 0 } });
  const mine = new SegmentObject({ objects, key, id: "me" });
  await mine.put([record(0)], { appendedMs: 1 });
  // It comes late, and before the next one.
  engine.fault = ({ method }) => (method === "PUT" ? { kind: "late" } : undefined);
  const failed = await mine.put([record(0), record(1)], { appendedMs: 2 }).catch((error: unknown) => String(error));
  await engine.arrive();
  engine.fault = () => undefined;
  expect([failed, (await mine.read())?.records.length]).toEqual([expect.stringContaining("not answered"), 2]);
  expect([await mine.put([record(0)], { appendedMs: 2 }), (await mine.read())?.records.length]).toEqual([true, 1]);
});

test("refuses what could not be read again, and leaves what is no segment alone", async () => {
  const { objects, engine } = openBucket();
  const mine = new SegmentObject({ objects, key, id: "me" });
  const large = { ...record(0), text: "x".repeat(16 * 1024 * 1024) };
  expect(await mine.put([large], { appendedMs: 1 }).catch((error: unknown) => String(error))).toContain("too many");
  engine.objects.set(key, bytesOf("notes"));
  expect([await readSegment(objects, key), await mine.put([], { appendedMs: 1 }), engine.text(key)]).toEqual([
    undefined,
    false,
    "notes",
  ]);
});
