import { expect, test } from "bun:test";
import { BucketDirectory } from "../../../src/storage/s3/bucket-directory.ts";
import { Notices } from "../../../src/storage/s3/notices.ts";
import { describeObject } from "../../../src/storage/s3/object-stat.ts";
import { bytesOf, openBucket } from "./bucket.ts";

function opened() {
  const bucket = openBucket({ pageSize: 2 });
  const notices = new Notices(bucket.objects, { prefix: "notices/", newId: () => "1" });
  const space = async () => ({ freeBytes: 1, totalBytes: 2 });
  return { ...bucket, notices, directory: new BucketDirectory(bucket.objects, { notices, space }) };
}

test("a prefix is there while something lies below it", async () => {
  const { objects, directory, engine } = opened();
  for (const key of ["a/1", "a/2", "a/b/3", "ab"]) await objects.put(key, bytesOf("x"));
  await directory.makePrefix();
  expect([
    await directory.prefixTime("a"),
    await directory.prefixTime("none"),
    await directory.changeTime(),
    await directory.removeEmpty("a"),
    await directory.removeEmpty("none"),
    await directory.countObjects("a"),
  ]).toEqual([engine.nowMs, undefined, undefined, false, true, 3]);
});

test("nothing else has to be done for a bucket", async () => {
  const { directory, engine } = opened();
  await Promise.all([directory.settle(), directory.syncAll(), directory.dropCache()]);
  expect([await directory.isObstructed(), await directory.sweepTemporary(), await directory.space()]).toEqual([
    false,
    0,
    { freeBytes: 1, totalBytes: 2 },
  ]);
  expect(engine.requests).toEqual([]);
});

test("noteDamage() marks what was judged, and nothing else", async () => {
  const { objects, directory, notices } = opened();
  await objects.put("a", bytesOf("damaged"));
  const stat = await objects.stat("a");
  if (stat === undefined) throw new Error("it was just put");
  const judged = describeObject(stat);
  const outcomes = [
    await directory.noteDamage("none", judged, true),
    await directory.noteDamage("a", { ...judged, identity: "other" }, true),
    await directory.noteDamage("a", judged, true),
  ];
  expect([outcomes, await notices.damage.has("a", stat)]).toEqual([[false, false, true], true]);
});
