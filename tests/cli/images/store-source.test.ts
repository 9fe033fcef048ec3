import { expect, test } from "bun:test";
import { openStoreSource } from "../../../src/cli/images/store-source.ts";
import { digestOf, named, pushImage, stocked } from "../../registry/stocked.ts";

const app = named("app");

test("a store is read as it is: names alone where that is enough", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "v1" });
  const source = openStoreSource(stock.store);
  const repositories = await Array.fromAsync(source.repositories(() => true, { isLong: false }));
  const tags = await Array.fromAsync(source.tags(app, { matches: () => true, isLong: false }));
  expect([
    repositories.map(({ name, tags: count }) => [name, count]),
    tags.map((tag) => [tag.tag, tag.digest]),
  ]).toEqual([[["app", undefined]], [["v1", digest]]] as never);
});

test("what is not there is undefined, and so is a blob that is too large", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "v1" });
  const reader = openStoreSource(stock.store).reader(app);
  expect(await reader.manifest({ kind: "digest", digest: digestOf("none") })).toBeUndefined();
  expect(await reader.blob(digestOf("none"), 10)).toBeUndefined();
  expect(await reader.blob(digestOf("layer"), 4)).toBeUndefined();
  expect(Buffer.from((await reader.blob(digestOf("layer"), 5)) ?? []).toString()).toBe("layer");
});

test("referrers come in pages", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "v1" });
  const signature = await pushImage(stock, "app", { layers: ["sig"], subject: digest });
  const referrers = await Array.fromAsync(openStoreSource(stock.store).referrers(app, digest));
  expect(referrers.map((each) => each.digest)).toEqual([signature]);
});
