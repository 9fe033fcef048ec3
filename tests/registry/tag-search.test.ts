import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { moveLogKey, tagCurrentLink } from "../../src/registry/layout.ts";
import { noteMove } from "../../src/registry/move-log.ts";
import type { Store } from "../../src/registry/store.ts";
import { TagSearch, tagSearchOf } from "../../src/registry/tag-search.ts";
import type { Listings } from "../../src/storage/listings.ts";
import { intercept } from "../storage/intercepted.ts";
import { stockedBucket } from "./on-bucket.ts";
import { digestOf, named, pushImage, type Stocked, stocked, stockedListed, tagged, utf8 } from "./stocked.ts";

const app = named("app");
const [one, other] = [digestOf("one"), digestOf("other")];
const options = { fewTags: 3, maxTags: 100, freshMs: 1000 };

/** A repository of tags, and how many of them were read since the last question. */
function counted() {
  let reads = 0;
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        read: (key) => {
          if (key.endsWith("/current/link")) reads += 1;
        },
      },
    }),
  );
  const takeReads = () => {
    const taken = reads;
    reads = 0;
    return taken;
  };
  return { stock, search: new TagSearch(stock.store, options), takeReads };
}

/** As another program tags. */
async function tag({ store }: Stocked, name: string, digest: Digest): Promise<void> {
  await store.objects.put(tagCurrentLink(app, tagged(name)), utf8(digest));
}

/** As every process of this program does. */
async function move(stock: Stocked, name: string, digest: Digest): Promise<void> {
  await noteMove(stock.store, app, { tag: tagged(name), digest });
  await tag(stock, name, digest);
}

async function tagSome(stock: Stocked, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) await tag(stock, `v${index}`, index % 2 === 0 ? one : other);
}

const found = async (search: TagSearch, digest: Digest) => (await search.find(app, digest)).toSorted() as string[];

describe("a search for the tags of a manifest", () => {
  test("reads few tags each time, and many once", async () => {
    const { stock, search, takeReads } = counted();
    await tagSome(stock, 3);
    await search.prepare(app);
    expect([await found(search, one), takeReads()]).toEqual([["v0", "v2"], 3]);
    await tagSome(stock, 10);
    await search.prepare(app);
    expect(takeReads()).toBe(10);
    await search.prepare(app);
    expect([await found(search, one), takeReads()]).toEqual([["v0", "v2", "v4", "v6", "v8"], 5]);
    expect([await found(search, digestOf("none")), takeReads()]).toEqual([[], 0]);
  });

  test("finds what was moved there since, and not what was moved away", async () => {
    const { stock, search, takeReads } = counted();
    await tagSome(stock, 10);
    await search.prepare(app);
    for (const name of ["v1", "new", "v3"]) await move(stock, name, one);
    for (const name of ["v0", "v3"]) await move(stock, name, other);
    takeReads();
    expect([await found(search, one), takeReads()]).toEqual([["new", "v1", "v2", "v4", "v6", "v8"], 8]);
    expect(await found(search, other)).toEqual(["v0", "v3", "v5", "v7", "v9"]);
  });

  test("finds what was moved while it was being prepared", async () => {
    const { stock } = counted();
    await tagSome(stock, 10);
    let isMoved = false;
    const driver = intercept(stock.store, {
      objects: {
        read: async (key) => {
          if (isMoved || !key.endsWith("v5/current/link")) return;
          isMoved = true;
          for (const name of ["v1", "v9", "new"]) await move(stock, name, one);
        },
      },
    });
    const store: Store = { ...stock.store, ...driver };
    const search = new TagSearch(store, options);
    await search.prepare(app);
    expect(await found(search, one)).toEqual(["new", "v0", "v1", "v2", "v4", "v6", "v8", "v9"]);
  });

  test("is right without being prepared, after its log went, and beside another process", async () => {
    const { stock, search } = counted();
    await tagSome(stock, 10);
    expect(await found(search, other)).toEqual(["v1", "v3", "v5", "v7", "v9"]);
    await search.prepare(app);
    await stock.store.objects.delete(moveLogKey(digestOf("app")));
    await move(stock, "new", other);
    expect(await found(search, other)).toContain("new");
    const elsewhere = new TagSearch(stock.store, options);
    await elsewhere.prepare(app);
    await move(stock, "newer", other);
    expect([await found(search, other), await found(elsewhere, other)]).toEqual(
      Array(2).fill(["new", "newer", "v1", "v3", "v5", "v7", "v9"]),
    );
  });

  test("sees before long what another program tagged", async () => {
    const { stock, search } = counted();
    await tagSome(stock, 10);
    await search.prepare(app);
    await tag(stock, "theirs", one);
    stock.wait(options.freshMs);
    await search.prepare(app);
    expect(await found(search, one)).toContain("theirs");
  });

  test("is prepared once for everybody who asks meanwhile", async () => {
    const { stock, search, takeReads } = counted();
    await tagSome(stock, 10);
    await Promise.all([search.prepare(app), search.prepare(app), search.prepare(app)]);
    expect(takeReads()).toBe(10);
  });

  test.each([
    [undefined, 1],
    [1, 1],
    [4, 4],
    [1000, 10],
  ])("reads %p tags at once, and finds the same", async (tagReads, want) => {
    let reading = 0;
    let most = 0;
    const stock = stocked((driver) =>
      intercept(driver, {
        objects: {
          read: async (key) => {
            if (!key.endsWith("/current/link")) return;
            reading += 1;
            most = Math.max(most, reading);
            // All that are read at once have begun when the tasks that are due have run.
            await new Promise(setImmediate);
            reading -= 1;
          },
        },
      }),
    );
    await tagSome(stock, 10);
    const search = new TagSearch({ ...stock.store, ...(tagReads === undefined ? {} : { tagReads }) }, options);
    expect([await found(search, one), most]).toEqual([["v0", "v2", "v4", "v6", "v8"], want]);
  });

  test("works without a log, where nothing can be written", async () => {
    const full = () => {
      throw Object.assign(new Error("full"), { code: "ENOSPC" });
    };
    const stock = stocked();
    await tagSome(stock, 10);
    const store: Store = { ...stock.store, ...intercept(stock.store, { objects: { put: full } }) };
    const search = new TagSearch(store, options);
    await search.prepare(app);
    expect(await found(search, one)).toEqual(["v0", "v2", "v4", "v6", "v8"]);
  });

  test.each([false, true])("goes by a listing if there is one; that tells what links hold: %p", async (isTold) => {
    const reads: string[] = [];
    const stock = stockedListed((driver) => intercept(driver, { objects: { read: (key) => void reads.push(key) } }));
    await tagSome(stock, 10);
    await stock.store.objects.put(tagCurrentLink(app, tagged("removed")), new Uint8Array());
    const link = await stock.store.objects.stat(tagCurrentLink(app, tagged("v3")));
    const listings: Listings = {
      scan: async function* (...asked) {
        for await (const page of stock.store.listings?.scan(...asked) ?? [])
          yield page.map(({ key, stat }) => ({ key, stat: { ...stat, identity: `as ${stat.identity}` } }));
      },
      identityOf: () => (isTold ? `as ${link?.identity}` : undefined),
    };
    const search = new TagSearch({ ...stock.store, listings }, options);
    await search.prepare(app);
    // What leads to no known manifest may have been stored in another way.
    expect([await found(search, other), reads.length]).toEqual([["v1", "v3", "v5", "v7", "v9"], isTold ? 9 : 10]);
  });

  test("reads in a bucket only the links of which the listing does not tell to which manifest they lead", async () => {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    const image = await pushImage(stock, "app", { tag: "v1" });
    await pushImage(stock, "app", { tag: "v2" });
    await pushImage(stock, "app", { tag: "v3", layers: ["other"] });
    const asked = async () => {
      engine.requests.length = 0;
      const tags = await found(new TagSearch(stock.store, options), image);
      return [tags, engine.requests.flatMap(({ key }) => (key === "" ? [] : [key]))];
    };
    expect(await asked()).toEqual([["v1", "v2"], []]);
    // As when it was put while the bucket was encrypted with a key of its owner.
    const link = tagCurrentLink(app, tagged("v2"));
    engine.objects.set(link, utf8(image), "0".repeat(32));
    expect(await asked()).toEqual([["v1", "v2"], [link]]);
  });

  test("is one for each store", () => {
    const { store } = stocked();
    expect(tagSearchOf(store)).toBe(tagSearchOf({ ...store }));
  });
});
