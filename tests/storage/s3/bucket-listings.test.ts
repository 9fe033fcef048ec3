import { describe, expect, test } from "bun:test";
import type { Listings } from "../../../src/storage/listings.ts";
import { put, take } from "../store-access.ts";
import { openBucketStore } from "./bucket-store.ts";

const keys = Array.from({ length: 8 }, (_, index) => `docker/registry/v2/repositories/a/_layers/${index}/link`);
const content = "docker/registry/v2/blobs/sha256/ab/abc/data";
const prefix = "docker/registry/v2/repositories";

/** The keys of all pages, and how many pages there were. */
async function scanned(listings: Listings | undefined, range?: Parameters<Listings["scan"]>[1]) {
  if (listings === undefined) throw new Error("it is not listed");
  const pages = await Array.fromAsync(listings.scan(prefix, range));
  return { keys: pages.flat().map(({ key }) => key), pages: pages.length };
}

describe("listings of a bucket", () => {
  test("have everything below a prefix, in order, over several pages", async () => {
    using store = await openBucketStore({ pageSize: 3 });
    for (const key of keys) await put(store.driver, key, "x");
    await put(store.driver, `${prefix}-other/x`, "x");
    const { keys: found, pages } = await scanned(store.other.listings);
    expect([found, pages > 1]).toEqual([keys, true]);
  });

  test("begin after a key, and end with one", async () => {
    using store = await openBucketStore({ pageSize: 3 });
    for (const key of keys) await put(store.driver, key, "x");
    expect((await scanned(store.driver.listings, { after: keys[1], end: keys[4] })).keys).toEqual(keys.slice(2, 5));
    expect((await scanned(store.driver.listings, { after: "a", end: "b" })).keys).toEqual([]);
  });

  test("tell what a look at the object tells, also that its bytes are damaged", async () => {
    using store = await openBucketStore({ pageSize: 3 });
    const { driver, other } = store;
    await put(driver, content, "text");
    const judged = await driver.objects.stat(content);
    if (judged === undefined) throw new Error("it was just written");
    const list = async () => (await Array.fromAsync(other.listings?.scan("docker/registry/v2/blobs") ?? [])).flat();
    const [listed] = await list();
    await other.garbage.setAside(content, judged);
    const [marked] = await list();
    expect([listed?.stat, marked?.stat.isDamaged]).toEqual([judged, true]);
  });

  test("identityOf() is the identity of an object with these bytes", async () => {
    using store = await openBucketStore({ pageSize: 3 });
    await put(store.driver, "docker/a", "text");
    const identity = store.driver.listings?.identityOf(new TextEncoder().encode("text"));
    expect([identity, await take(store.driver, "docker/a")]).toEqual([
      (await store.other.objects.stat("docker/a"))?.identity,
      "text",
    ]);
  });
});
