import { expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { predictFreed } from "../../../src/registry/deleting/freed-space.ts";
import { scanRepository } from "../../../src/registry/gc/scan.ts";
import { repositoryPrefix } from "../../../src/registry/layout.ts";
import { named, pushBlob, pushImage, stocked } from "../stocked.ts";
import { schedule } from "./planned.ts";

test("predictFreed() counts each blob once, and what an upload elsewhere has begun with as shared", async () => {
  const stock = stocked();
  const [name, prefix] = [named("app"), repositoryPrefix(named("app"))];
  const one = await pushImage(stock, "app", { tag: "1", layers: ["a", "both"] });
  const two = await pushImage(stock, "app", { tag: "2", layers: ["b", "both"] });
  await pushBlob(stock, "other", "a");
  const scan = await scanRepository(stock.store, { prefix, name });
  const { freed, shared } = await predictFreed(stock.store, { name, scan, gone: new Set([one, two]) }, { schedule });
  // Of both: two manifests, the configuration, "b" and "both" go; "a" stays.
  expect([freed.count, shared]).toEqual([5, { count: 1, sizeBytes: 1 }]);
});

test("predictFreed() finds what others hold, few or many", async () => {
  const stock = stocked();
  const [name, prefix] = [named("app"), repositoryPrefix(named("app"))];
  const layers = Array.from({ length: 30 }, (_, index) => `layer ${index}`);
  const image = await pushImage(stock, "app", { tag: "1", layers });
  const few = await pushImage(stock, "app", { tag: "2", layers: ["layer 7", "alone"] });
  await pushImage(stock, "other/app", { tag: "1", layers: ["layer 7", "layer 8"] });
  const freedBy = async (...gone: readonly Digest[]) => {
    const scan = await scanRepository(stock.store, { prefix, name });
    return (await predictFreed(stock.store, { name, scan, gone: new Set(gone) }, { schedule })).freed.count;
  };
  expect([await freedBy(image), await freedBy(few), await freedBy(image, few)]).toEqual([29, 2, 31]);
});
