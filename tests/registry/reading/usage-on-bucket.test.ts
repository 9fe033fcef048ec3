// The same numbers on a bucket, where what is condemned stays in its place.
import { expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { measureUsage, type RepositoryUsage } from "../../../src/registry/reading/usage.ts";
import { schedule } from "../deleting/planned.ts";
import { collect, graceMs } from "../gc/collected.ts";
import { stockedBucket } from "../on-bucket.ts";
import { named, pushBlob, pushImage, type Stock } from "../stocked.ts";

async function measure({ store }: Stock) {
  const each: RepositoryUsage[] = [];
  const usage = await measureUsage(store, { schedule: { ...schedule, graceMs }, each: (one) => void each.push(one) });
  return { ...usage, names: each.map(({ name }) => name).toSorted() };
}

test("measureUsage() of a bucket follows garbage to its end, and asks for no blob by itself", async () => {
  using bucket = stockedBucket();
  const { stock, other, engine } = bucket;
  await pushImage(stock, "app", { tag: "1", layers: ["common"] });
  await pushImage(stock, "team/tool", { tag: "1", layers: ["common", "own"] });
  const digest = await pushBlob(stock, "app", "lonely");
  await stock.registry.repository(named("app"), anonymous()).blobs.delete(digest);
  const before = await measure(other);
  expect(before).toMatchObject({ repositories: 2, tags: 2, names: ["app", "team/tool"] });
  expect(before).toMatchObject({ waiting: { count: 1, sizeBytes: 6 }, unlinked: { count: 1 }, trash: { count: 0 } });
  stock.wait(graceMs);
  await collect(stock);
  engine.requests.length = 0;
  const condemned = await measure(other);
  expect(condemned).toMatchObject({ waiting: { count: 0 }, trash: { count: 1, sizeBytes: 6 } });
  expect(condemned.blobs.count).toBe(before.blobs.count - 1);
  expect(engine.requests.filter(({ method, key }) => method === "HEAD" && key.includes("/blobs/"))).toEqual([]);
  stock.wait(graceMs);
  await collect(stock);
  expect(await measure(other)).toMatchObject({ blobs: condemned.blobs, trash: { count: 0 }, free: undefined });
});
