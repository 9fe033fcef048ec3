import { describe, expect, test } from "bun:test";
import { BucketCollection, beginCollection, planSeconds } from "../../../src/storage/s3/collection.ts";
import { Notices } from "../../../src/storage/s3/notices.ts";
import { bytesOf, openBucket } from "./bucket.ts";

function collecting() {
  const bucket = openBucket();
  let count = 0;
  const newId = () => `id-${++count}`;
  const notices = new Notices(bucket.objects, { prefix: "notices/", newId });
  const begin = async () => {
    const lease = { key: "gc/lease", note: "a run", newId, lifetimeMs: 120_000 };
    const begun = await beginCollection(bucket.objects, {
      notices,
      lease,
      candidatesKey: "gc/candidates",
      leastSeconds: 900,
    });
    if (!(begun instanceof BucketCollection)) throw new Error(begun.heldBy);
    return begun;
  };
  return { ...bucket, notices, begin };
}

/** A run that condemns these. */
async function condemn({ begin, objects }: ReturnType<typeof collecting>, keys: readonly string[]) {
  await using run = await begin();
  await run.announce();
  for (const key of keys) run.condemn(key, (await objects.stat(key)) ?? { etag: "", sizeBytes: 0 });
  await run.finish(1000);
}

const blobsOf = ({ engine }: ReturnType<typeof collecting>) => engine.keys().filter((key) => key.startsWith("blobs/"));

describe("a collection", () => {
  test("announces what the last one condemned, and destroys what is still the same", async () => {
    const store = collecting();
    for (const key of ["blobs/a", "blobs/b", "blobs/c", "blobs/d"]) await store.objects.put(key, bytesOf(key));
    await condemn(store, ["blobs/a", "blobs/b", "blobs/c"]);
    const kept = blobsOf(store);
    await store.objects.put("blobs/b", bytesOf("pushed again"));
    const run = await store.begin();
    const condemned = await run.announce();
    const noticed = await store.notices.list("blobs");
    const destroyed = await run.destroy(condemned.filter(({ key }) => key !== "blobs/c"));
    await run.finish(1000);
    await run[Symbol.asyncDispose]();
    expect([
      kept.length,
      noticed.has("blobs/a"),
      noticed.has("blobs/d"),
      destroyed.map(({ key }) => key),
      blobsOf(store),
    ]).toEqual([4, true, false, ["blobs/a"], ["blobs/b", "blobs/c", "blobs/d"]]);
    expect(store.engine.keys().filter((key) => key.startsWith("notices/"))).toEqual([]);
  });

  test("remembers since when something is condemned that an earlier one condemned too", async () => {
    const store = collecting();
    const startMs = store.engine.nowMs;
    await store.objects.put("blobs/a", bytesOf("a"));
    await condemn(store, ["blobs/a"]);
    store.engine.nowMs += 60_000;
    await store.objects.put("blobs/b", bytesOf("b"));
    await condemn(store, ["blobs/a", "blobs/b"]);
    await using run = await store.begin();
    expect((await run.announce()).map(({ key, condemnedMs }) => [key, condemnedMs - startMs])).toEqual([
      ["blobs/a", 0],
      ["blobs/b", 60_000],
    ]);
  });

  test("is the only one, until it is over or dead", async () => {
    const store = collecting();
    const first = await store.begin();
    const second = await store.begin().catch((error: Error) => error.message);
    store.engine.nowMs += 121_000;
    await using third = await store.begin();
    expect([second, await first.keep(), await third.keep()]).toEqual(["a run", false, true]);
  });

  test("that took too long destroys nothing", async () => {
    const store = collecting();
    await store.objects.put("blobs/a", bytesOf("a"));
    await condemn(store, ["blobs/a"]);
    const run = await store.begin();
    const condemned = await run.announce();
    store.engine.nowMs += 16 * 60_000;
    const failure = await run.destroy(condemned).catch((error: Error) => error.name);
    expect([failure, blobsOf(store)]).toEqual(["AnnouncementOver", ["blobs/a"]]);
  });
});

test("planSeconds() gives a walk four times as long as the last one, within limits", () => {
  expect([0, 60_000, 600_000, 1e12].map((walkMs) => planSeconds(walkMs, 900))).toEqual([900, 900, 2400, 604_800]);
});
