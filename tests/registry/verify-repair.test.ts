import { expect, test } from "bun:test";
import { layerLink, tagCurrentLink } from "../../src/registry/layout.ts";
import { applyRepair } from "../../src/registry/verify-repair.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, stocked, tagged } from "./stocked.ts";

const name = named("app");

test("applyRepair() links as somebody who adds does: it waits for who takes away", async () => {
  const stock = stocked();
  const digest = await pushBlob(stock, "other", "x");
  const lock = await stock.store.driver.lock(name, "alone", { waitMs: 0 });
  const repairing = applyRepair(stock.store, { kind: "link", name, key: layerLink(name, digest), digest });
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await stock.store.driver.stat(layerLink(name, digest))).toBeUndefined();
  lock?.[Symbol.dispose]();
  expect(await repairing).toBe("linked");
});

test("applyRepair() says nothing of a link without bytes and of a trash without an entry", async () => {
  const { store } = stocked();
  const digest = digestOf("x");
  expect(await applyRepair(store, { kind: "link", name, key: layerLink(name, digest), digest })).toBeUndefined();
  expect(await applyRepair(store, { kind: "restore", digest })).toBeUndefined();
});

test("applyRepair() points a tag to its manifest", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app");
  expect(await applyRepair(stock.store, { kind: "tag", name, tag: tagged("1"), digest })).toBe("linked");
  expect(await stock.store.driver.stat(tagCurrentLink(name, tagged("1")))).toBeDefined();
  expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
});
