import { expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { allBlobsPrefix, blobKey, layerLink } from "../../../src/registry/layout.ts";
import { intercept } from "../../storage/intercepted.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, type Stocked, stocked, tagged, utf8 } from "../stocked.ts";
import { verify } from "../verify/verified.ts";
import { collect, graceMs, hasBlob } from "./collected.ts";

/** The trash name of a digest with a suffix. */
function entryOf(text: string, suffix: string): string {
  const hex = digestOf(text).slice("sha256:".length);
  return `blobs/sha256/${hex.slice(0, 2)}/${hex}.${suffix}`;
}

test("a copy too many goes when it is past the grace", async () => {
  const stock = stocked();
  const driver = stock.store;
  await pushImage(stock, "app", { tag: "1", layers: ["x"] });
  await driver.trash.discard(blobKey(digestOf("x")), entryOf("x", "other-1"));
  await pushBlob(stock, "app", "x");
  expect((await collect(stock)).summary).toMatchObject({ purged: 0, restored: 0 });
  stock.wait(graceMs);
  expect((await collect(stock)).summary).toMatchObject({ purged: 1, restored: 0 });
  expect(await hasBlob(stock, digestOf("x"))).toBe(true);
});

test("damaged bytes that a link needs stay until a push has healed the blob, and never come back", async () => {
  const stock = stocked();
  const driver = stock.store;
  await pushImage(stock, "app", { tag: "1", layers: ["x"] });
  await driver.trash.discard(blobKey(digestOf("x")), entryOf("x", "1.bad"));
  stock.wait(graceMs);
  expect((await collect(stock)).summary).toMatchObject({ purged: 0, restored: 0 });
  await pushBlob(stock, "app", "x");
  expect((await collect(stock)).summary).toMatchObject({ purged: 1, restored: 0 });
});

test("a copy in the trash stays while what is in the blob's place is damaged, and a repair brings it back", async () => {
  const stock = stocked();
  const driver = stock.store;
  await pushImage(stock, "app", { tag: "1", layers: ["x"] });
  await driver.trash.discard(blobKey(digestOf("x")), entryOf("x", "1"));
  await driver.objects.put(blobKey(digestOf("x")), utf8("y"));
  await verify(stock);
  stock.wait(graceMs);
  expect((await collect(stock)).summary).toMatchObject({ purged: 0, restored: 0 });
  await verify(stock, { isRepairing: true });
  expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
});

test("a quarantine that was killed half-way is an ordinary entry that comes back", async () => {
  const stock = stocked();
  await pushImage(stock, "app", { tag: "1", layers: ["x"] });
  await stock.store.trash.discard(blobKey(digestOf("x")), entryOf("x", "1.check"));
  expect((await collect(stock)).summary).toMatchObject({ restored: 1 });
});

test("what is no entry of the trash is named and stays", async () => {
  const stock = stocked();
  const driver = stock.store;
  await pushBlob(stock, "app", "x");
  await driver.trash.discard(blobKey(digestOf("x")), "blobs/sha256/00/notes.txt");
  stock.wait(graceMs);
  expect((await collect(stock)).findings).toEqual(["trash/blobs/sha256/00/notes.txt is not an entry of the trash"]);
  expect(await driver.trash.stat("blobs/sha256/00/notes.txt")).toBeDefined();
});

test("bytes that do not lie where they should are left alone", async () => {
  const stock = stocked();
  const stray = `docker/registry/v2/blobs/sha256/00/${digestOf("x").slice(7)}/data`;
  await stock.store.objects.put(stray, new Uint8Array(1));
  stock.wait(graceMs);
  expect((await collect(stock)).summary).toMatchObject({ condemned: 0 });
});

/** A stock whose disk cannot read what the keys and names of the trash match. */
function damaged(place: RegExp): { readonly stock: Stocked; readonly broken: Stocked } {
  const stock = stocked();
  const fail = (asked: string) => {
    if (place.test(asked)) throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
  };
  const driver = intercept(stock.store, { objects: { stat: fail, list: fail }, trash: { stat: fail } });
  return { stock, broken: { ...stock, store: { ...stock.store, ...driver } } };
}

test.each([
  ["a blob", new RegExp(`^docker.*/${digestOf("a").slice(7)}/data$`), { trashed: 1, purged: 1 }],
  ["an entry of the trash", new RegExp(`^blobs/.*/${digestOf("c").slice(7)}`), { trashed: 2, purged: 0 }],
  [
    "a directory of blobs",
    new RegExp(`/blobs/sha256/${digestOf("a").slice(7, 9)}$`),
    { trashed: 1, purged: 1, uploads: 1 },
  ],
])("%s that the disk cannot read is a finding, and the rest goes on", async (_what, place, want) => {
  const { stock, broken } = damaged(place);
  for (const text of ["a", "b", "c"]) await stock.store.objects.put(blobKey(digestOf(text)), utf8(text));
  await stock.store.trash.discard(blobKey(digestOf("c")), entryOf("c", "other-1"));
  await stock.registry.repository(named("app"), anonymous()).uploads.start("sha256");
  stock.wait(3_600_001);
  const { summary, findings } = await collect(broken);
  expect([summary, findings]).toMatchObject([want, [expect.stringContaining("EIO: i/o error")]]);
});

/** A stock on which every listing takes a quarter of the grace, as on a large store on a slow disk. */
function slow(): Stocked {
  const stock = stocked();
  const { objects } = stock.store;
  const list = objects.list.bind(objects);
  objects.list = (prefix, options) => {
    stock.wait(graceMs / 4);
    return list(prefix, options);
  };
  return stock;
}

test("a run that takes longer than the grace goes on to its end", async () => {
  const stock = slow();
  await pushBlob(stock, "app", "x");
  stock.wait(graceMs);
  await collect(stock);
  stock.wait(graceMs);
  const { summary, findings } = await collect(stock);
  expect([summary.condemned, summary.trashed, summary.purged, findings]).toEqual([0, 0, 1, []]);
});

test("what was linked after a slow run had read the links stays, however long ago that is in the end", async () => {
  const stock = slow();
  const driver = stock.store;
  await pushBlob(stock, "app", "x");
  await driver.objects.delete(layerLink(named("app"), digestOf("x")), { isDurable: false });
  stock.wait(graceMs);
  // The first thing that is listed after the links.
  const { objects } = driver;
  const list = objects.list.bind(objects);
  let isPushed = false;
  objects.list = async (prefix, options) => {
    if (prefix === allBlobsPrefix && !isPushed) {
      isPushed = true;
      await stock.registry
        .repository(named("late"), anonymous())
        .blobs.mount({ digest: digestOf("x"), from: undefined });
      stock.wait(2 * graceMs);
    }
    return list(prefix, options);
  };
  const { summary } = await collect(stock);
  expect([isPushed, summary.condemned, summary.trashed]).toEqual([true, 0, 0]);
  expect(await hasBlob(stock, digestOf("x"))).toBe(true);
});

test("the empty directory of a blob that is gone goes, and a dry run leaves it", async () => {
  const stock = stocked();
  const { directory } = stock.store;
  const place = blobKey(digestOf("gone")).replace(/\/data$/, "");
  await directory.makePrefix(place);
  stock.wait(graceMs);
  const isThere = [];
  for (const isDryRun of [true, false]) {
    await collect(stock, { isDryRun });
    isThere.push((await directory.prefixTime(place)) !== undefined);
  }
  expect(isThere).toEqual([true, false]);
});
