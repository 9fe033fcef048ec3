import { expect, test } from "bun:test";
import { readsAtOnce, viewOf, viewOfListing } from "../../src/registry/view.ts";
import { stocked, stockedListed, utf8 } from "./stocked.ts";

test("a store that has to be walked is its own view", async () => {
  const { store } = stocked();
  expect(await viewOf(store, "a")).toBe(store);
  expect(readsAtOnce(store)).toBe(1);
});

test("viewOf() shows what lay below the prefix at once, and later changes not", async () => {
  const { store } = stockedListed();
  for (let count = 0; count < 10; count += 1) await store.objects.put(`a/${count}/link`, utf8("x"));
  const view = await viewOf(store, "a");
  await store.objects.delete("a/5/link");
  expect([(await view.objects.list("a")).length, (await view.objects.stat("a/5/link"))?.sizeBytes]).toEqual([10, 1]);
  expect(readsAtOnce(store)).toBeGreaterThan(1);
});

test("viewOfListing() puts into order what comes in the order of bytes", async () => {
  const { store } = stockedListed();
  const names = ["\u{ffff}", "\u{10000}"];
  for (const name of names) await store.objects.put(`a/${name}/link`, utf8("x"));
  const listed = [];
  for (const name of names) {
    const stat = await store.objects.stat(`a/${name}/link`);
    if (stat !== undefined) listed.push({ key: `a/${name}/link`, stat });
  }
  const view = await viewOfListing(store, { prefix: "a", listed });
  const found = await Promise.all(names.map((name) => view.objects.stat(`a/${name}/link`)));
  expect(found.map((stat) => stat?.sizeBytes)).toEqual([1, 1]);
});
