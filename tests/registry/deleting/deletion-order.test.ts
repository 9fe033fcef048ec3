import { expect, test } from "bun:test";
import { planOrder } from "../../../src/registry/deleting/deletion-order.ts";
import { scanRepository } from "../../../src/registry/gc/scan.ts";
import { repositoryPrefix } from "../../../src/registry/layout.ts";
import { digestOf, named, pushImage, pushIndex, stocked, tagged } from "../stocked.ts";

const app = named("app");

test("planOrder() gives a manifest the tags that it takes with it, and the others their own step", async () => {
  const stock = stocked();
  const child = await pushImage(stock, "app", { layers: ["child"] });
  const index = await pushIndex(stock, "app", { tag: "1", children: [child] });
  const image = await pushImage(stock, "app", { tag: "2" });
  await pushImage(stock, "app", { tag: "latest" });
  const scan = await scanRepository(stock.store, { prefix: repositoryPrefix(app), name: app });
  const order = {
    tags: [
      { tag: tagged("1"), digest: index },
      { tag: tagged("2"), digest: image },
      { tag: tagged("2"), digest: image },
      { tag: tagged("3"), digest: image },
      { tag: tagged("latest"), digest: child },
    ],
    manifests: [child, index, image, digestOf("no")],
  };
  const rules = { isImmutable: () => false, nowMs: stock.store.now() };
  expect(await planOrder(app, { order, scan }, rules)).toEqual({
    tags: [{ tag: tagged("2"), digest: image }],
    manifests: new Map([
      [index, "selected"],
      [child, "child"],
    ]),
    tagsOf: new Map([
      [index, new Set([tagged("1")])],
      [image, new Set([tagged("2")])],
    ]),
    kept: [
      { tag: tagged("3"), digest: image, reason: "it was gone already" },
      { tag: tagged("latest"), digest: child, reason: "the tag points to another manifest now" },
      { tag: undefined, digest: image, reason: "a tag, an index or a subject needs it" },
      { tag: undefined, digest: digestOf("no"), reason: "it was gone already" },
    ],
  });
});
