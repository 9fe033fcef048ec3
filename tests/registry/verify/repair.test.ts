import { describe, expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { blobKey, layerLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import { readLink } from "../../../src/registry/links.ts";
import { movedTo, readMoveLog, startMoveLog } from "../../../src/registry/move-log.ts";
import { applyRepair } from "../../../src/registry/verify/repair.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, stocked, tagged, utf8 } from "../stocked.ts";

const name = named("app");
const other = named("other");

/** The repair of a link to a blob that another repository holds. */
function linkOf(digest: Digest) {
  return { kind: "link", name, key: layerLink(name, digest), digest, because: layerLink(other, digest) } as const;
}

test("applyRepair() links as somebody who adds does: it waits for who takes away", async () => {
  const stock = stocked();
  const digest = await pushBlob(stock, "other", "x");
  const lock = await stock.store.locks.take(name, "alone", { waitMs: 0 });
  const repairing = applyRepair(stock.store, linkOf(digest));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await stock.store.objects.stat(layerLink(name, digest))).toBeUndefined();
  lock?.[Symbol.dispose]();
  expect(await repairing).toBe("linked");
});

test("applyRepair() says nothing of a link without bytes and of a trash without an entry", async () => {
  const { store } = stocked();
  const digest = digestOf("x");
  await store.objects.put(layerLink(other, digest), utf8(digest));
  expect(await applyRepair(store, linkOf(digest))).toBeUndefined();
  expect(await applyRepair(store, { kind: "restore", digest })).toBeUndefined();
});

test("applyRepair() writes no link that nothing calls for any more: what was deleted since the check stays so", async () => {
  const stock = stocked();
  const digest = await pushBlob(stock, "other", "x");
  const key = layerLink(name, digest);
  expect(await applyRepair(stock.store, { ...linkOf(digest), because: key })).toBeUndefined();
  expect(await stock.store.objects.stat(key)).toBeUndefined();
});

test("applyRepair() puts a link in the place of an obstacle, unless that is gone since the check", async () => {
  const stock = stocked();
  const digest = await pushBlob(stock, "other", "x");
  const key = layerLink(name, digest);
  const repair = { ...linkOf(digest), because: key };
  await stock.store.directory.makePrefix(key);
  expect(await applyRepair(stock.store, repair)).toBe("linked");
  expect([await stock.store.directory.isObstructed(key), await readLink(stock.store, key)]).toEqual([false, digest]);
  await stock.store.objects.delete(key);
  expect(await applyRepair(stock.store, repair)).toBeUndefined();
});

test("applyRepair() freshens the bytes, so that a collector which has read the links already leaves them", async () => {
  const stock = stocked();
  const digest = await pushBlob(stock, "other", "x");
  stock.wait(1000);
  await applyRepair(stock.store, linkOf(digest));
  expect((await stock.store.objects.stat(blobKey(digest)))?.changedMs).toBe(stock.store.now());
});

describe("applyRepair() of a tag", () => {
  const one = tagged("1");

  test("points one that is damaged to its manifest", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app");
    await stock.store.objects.put(tagCurrentLink(name, one), utf8(""));
    expect(await applyRepair(stock.store, { kind: "tag", name, tag: one, digest })).toBe("linked");
    expect(await pullImage(stock, "app", one)).toBe(true);
  });

  test("notes that it moves one, for who looks for the tags of the manifest", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app");
    await stock.store.objects.put(tagCurrentLink(name, one), utf8(""));
    await startMoveLog(stock.store, name);
    await applyRepair(stock.store, { kind: "tag", name, tag: one, digest });
    const log = await readMoveLog(stock.store, name);
    expect(log === undefined ? undefined : movedTo(digest, log)).toEqual([one]);
  });

  test.each(["deleted", "moved"])("leaves one alone that was %s since the check", async (what) => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { layers: ["old"] });
    if (what === "moved") await pushImage(stock, "app", { tag: "1", layers: ["new"] });
    const before = await stock.store.objects.read(tagCurrentLink(name, one), 100);
    expect(await applyRepair(stock.store, { kind: "tag", name, tag: one, digest })).toBeUndefined();
    expect(await stock.store.objects.read(tagCurrentLink(name, one), 100)).toEqual(before);
  });
});
