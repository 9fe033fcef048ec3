import { expect, test } from "bun:test";
import { BucketChanges } from "../../../src/storage/s3/bucket-changes.ts";
import { Notices } from "../../../src/storage/s3/notices.ts";
import { usualTiming } from "../../../src/storage/s3/timing.ts";
import { bytesOf, openBucket } from "./bucket.ts";

function changing({ isExpiryEnforced = true } = {}) {
  const bucket = openBucket();
  const newId = () => crypto.randomUUID();
  const notices = new Notices(bucket.objects, { prefix: "notices/", newId });
  const changes = new BucketChanges(bucket.objects, {
    notices,
    newId,
    prefix: "gc/",
    isExpiryEnforced,
    timing: usualTiming,
  });
  return { ...bucket, notices, changes };
}

test("it keeps processes apart if the store refuses what comes too late", () => {
  expect([true, false].map((isExpiryEnforced) => changing({ isExpiryEnforced }).changes.keepsProcessesApart())).toEqual(
    [true, false],
  );
});

test("without keys nothing is announced, and nothing can be deleted that others may rely on", async () => {
  const { engine, changes, objects } = changing();
  for (const key of ["link", "entry"]) await objects.put(key, bytesOf("x"));
  engine.requests.length = 0;
  await using removing = await changes.removing("app", { keys: [] });
  const before = engine.requests.length;
  const refusal = await removing.delete("link").catch((error: Error) => error.message);
  expect([before, refusal, await removing.drop("entry"), engine.keys()]).toEqual([
    0,
    "link was not announced",
    true,
    ["link"],
  ]);
});

test("as many keys are announced as there are", async () => {
  const { engine, changes } = changing();
  const keys = Array.from({ length: 20_001 }, (_, index) => `key-${index}`);
  const removing = await changes.removing("app", { keys });
  const during = engine.keys().length;
  const adding = await changes.adding("app");
  const stands = await adding.stands(["key-20000"]);
  await removing[Symbol.asyncDispose]();
  expect([during, stands, engine.keys()]).toEqual([3, false, []]);
});

test("what is damaged is told to readers, and to who adds", async () => {
  const { changes, notices, objects } = changing();
  await objects.put("blobs/a", bytesOf("x"));
  const stat = await objects.stat("blobs/a");
  if (stat === undefined) throw new Error("it was just put");
  await notices.damage.note("blobs/a", stat, true);
  const adding = await changes.adding("app");
  const [found] = await adding.find(["blobs/a"]);
  expect([(await changes.recover("blobs/a"))?.isDamaged, typeof found === "object" && found.isDamaged]).toEqual([
    true,
    true,
  ]);
});
