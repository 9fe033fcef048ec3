import { expect, test } from "bun:test";
import { countBlobs } from "../../../src/registry/verify/counted-blobs.ts";
import { digestOf, pushImage, stocked, stockedListed } from "../stocked.ts";

test.each([
  ["a directory is counted, and its blobs are looked for one by one", stocked, [undefined, undefined]],
  ["a store that lists all at once tells the sizes", stockedListed, ["layer".length, undefined]],
] as const)("countBlobs(): %s", async (_, open, want) => {
  const stock = open();
  await pushImage(stock, "app", { tag: "1" });
  const { count, bytes, sizes } = await countBlobs(stock.store, () => undefined);
  expect([count, bytes > "config".length + "layer".length]).toEqual([3, true]);
  expect([sizes?.get(digestOf("layer")), sizes?.get(digestOf("none"))]).toEqual([...want]);
});
