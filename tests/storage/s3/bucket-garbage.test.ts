import { expect, test } from "bun:test";
import { BucketClaims } from "../../../src/storage/s3/bucket-claims.ts";
import { BucketGarbage } from "../../../src/storage/s3/bucket-garbage.ts";
import { Notices } from "../../../src/storage/s3/notices.ts";
import { describeObject } from "../../../src/storage/s3/object-stat.ts";
import { usualTiming } from "../../../src/storage/s3/timing.ts";
import { bytesOf, openBucket } from "./bucket.ts";

async function collecting() {
  const bucket = openBucket();
  let count = 0;
  const newId = () => `id-${++count}`;
  const notices = new Notices(bucket.objects, { prefix: "notices/", newId });
  const claims = new BucketClaims(bucket.objects, { newId, holder: "a test", seconds: 8 });
  const garbage = new BucketGarbage(bucket.objects, { notices, claims, prefix: "gc/", newId, timing: usualTiming });
  await bucket.objects.put("blobs/a", bytesOf("text"));
  const judged = async (key: string) => {
    const stat = await bucket.objects.stat(key);
    if (stat === undefined) throw new Error(`${key} is not there`);
    return describeObject(stat);
  };
  const begin = async () => {
    const run = await garbage.collect({ note: "the test" });
    if ("heldBy" in run) throw new Error(run.heldBy);
    return run;
  };
  return { ...bucket, notices, garbage, judged, begin };
}

test("a run announces what the last one condemned, destroys it, and says how long it took", async () => {
  const { engine, begin, judged, garbage, notices } = await collecting();
  {
    await using first = await begin();
    await first.condemned();
    await first.condemn("blobs/a", await judged("blobs/a"));
    await first.keep();
    engine.nowMs += 90_000;
    await first.finish();
  }
  await using second = await begin();
  const condemned = await second.condemned();
  const [entry] = condemned;
  const noticed = (await notices.list("blobs")).has("blobs/a");
  const stat = entry && (await garbage.stat(entry));
  const unknown = await garbage.stat({ name: "none", content: undefined, isInPlace: true, isSetAside: false });
  const gone = await second.destroy(condemned);
  expect([noticed, stat?.sizeBytes, unknown, gone, engine.keys().includes("blobs/a")]).toEqual([
    true,
    4,
    undefined,
    condemned,
    false,
  ]);
  expect(engine.text("gc/candidates")?.split("\n")[0]).toBe('{"walkMs":90000}');
});

test("what is garbage is in its place: nothing has to be brought back", async () => {
  const { garbage } = await collecting();
  expect([await garbage.open(), await garbage.restore()]).toEqual([undefined, false]);
});

test("what was set aside is marked, and tidied up when it is healed, as notices are whose time is over", async () => {
  const { engine, garbage, judged, notices, objects } = await collecting();
  const seen = await judged("blobs/a");
  const outcomes = [
    await garbage.setAside("blobs/none", seen),
    await garbage.setAside("blobs/a", { ...seen, changedMs: 0 }),
    await garbage.setAside("blobs/a", seen),
  ];
  await notices.put("r-1", ["x"], { seconds: 60 });
  await garbage.tidy();
  const before = engine.keys().filter((key) => key.startsWith("notices/")).length;
  engine.nowMs += 3_600_000;
  await objects.put("blobs/a", bytesOf("healed"));
  await garbage.tidy();
  expect([outcomes, before, engine.keys()]).toEqual([[false, false, true], 2, ["blobs/a"]]);
});

test("a collection tidies away what nodes have left that died while they fetched a blob", async () => {
  const { engine, garbage } = await collecting();
  engine.objects.set("proxy/sha256-aa-bb", bytesOf("{}"));
  await garbage.tidy();
  const early = engine.keys().includes("proxy/sha256-aa-bb");
  engine.nowMs += 2 * 3_600_000;
  await garbage.tidy();
  expect([early, engine.keys().includes("proxy/sha256-aa-bb")]).toEqual([true, false]);
});
