import { expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { predictFreed } from "../../../src/registry/deleting/freed-space.ts";
import { scanRepository } from "../../../src/registry/gc/scan.ts";
import { repositoryPrefix } from "../../../src/registry/layout.ts";
import { digestOf, named, pushBlob, pushImage, putManifest, stocked } from "../stocked.ts";
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

test("predictFreed() tells nothing of what a manifest names and only another repository holds", async () => {
  const stock = stocked();
  const [name, prefix] = [named("app"), repositoryPrefix(named("app"))];
  const secret = await pushBlob(stock, "private", "secret");
  await pushBlob(stock, "app", "config");
  const layer = { mediaType: "application/vnd.oci.image.layer.nondistributable.v1.tar", digest: secret, size: 6 };
  const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("config"), size: 6 };
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const layers = [{ ...layer, urls: ["https://example.com/layer"] }];
  const image = await putManifest(stock, "app", {
    tag: "1",
    manifest: { schemaVersion: 2, mediaType, config, layers },
  });
  const scan = await scanRepository(stock.store, { prefix, name });
  const isVisible = () => false;
  const found = await predictFreed(stock.store, { name, scan, gone: new Set([image]) }, { schedule, isVisible });
  expect([found.freed.count, found.shared.count]).toEqual([2, 0]);
});
