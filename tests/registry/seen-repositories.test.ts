import { expect, test } from "bun:test";
import { forEachRepository, type SeenRepository } from "../../src/registry/seen-repositories.ts";
import type { Listings } from "../../src/storage/listings.ts";
import { pushImage, type Stocked, stocked, stockedListed, utf8 } from "./stocked.ts";

const root = "docker/registry/v2/repositories";

/** Names of what is visited, with how many prefixes each shows, and the places that cannot be looked at. */
async function visited(stock: Pick<Stocked, "store">) {
  const names: string[] = [];
  const unlistable: string[] = [];
  const visit = async ({ prefix, seen }: SeenRepository) => {
    // A walk sees directories that are empty, too.
    const own = (await seen.objects.list(prefix)).filter((name) => name === "_layers" || name === "_manifests");
    names.push(`${prefix.slice(root.length + 1)} ${own.join()}`);
  };
  await forEachRepository(stock.store, { visit, unlistable: ({ prefix }) => void unlistable.push(prefix) });
  return { names: names.toSorted(), unlistable };
}

const names = [
  "a",
  "a/0",
  "a/b",
  "a-b",
  "a.b/c",
  "library/one",
  "library/two",
  "z/y/x",
  ...Array.from({ length: 40 }, (_, index) => `n${index}`),
];

test("a store that is listed shows the repositories that a walk shows, whole and once", async () => {
  const [walked, listed] = [stocked(), stockedListed()];
  for (const stock of [walked, listed]) for (const name of names) await pushImage(stock, name, { tag: "1" });
  const want = await visited(walked);
  expect(want.names.length).toBe(names.length);
  expect(await visited(listed)).toEqual(want);
});

test("few names are cut between what is below them", async () => {
  const ranges: string[] = [];
  const stock = stockedListed();
  for (let count = 0; count < 40; count += 1) await pushImage(stock, `library/n${count}`, { tag: "1" });
  const { listings } = stock.store;
  if (listings === undefined) throw new Error("not listed");
  const counted: Listings = {
    scan: (prefix, range) => {
      ranges.push(`${range?.after}`);
      return listings.scan(prefix, range);
    },
    identityOf: () => undefined,
  };
  const { names: found } = await visited({ store: { ...stock.store, listings: counted } });
  expect([found.length, new Set(ranges).size]).toEqual([40, 16]);
});

test("what belongs to no repository, or to nothing of one, is passed over", async () => {
  const stock = stockedListed();
  for (const key of ["stray", "a/stray", "b/_upstream", "c/_other/x"])
    await stock.store.objects.put(`${root}/${key}`, utf8("x"));
  expect(await visited(stock)).toEqual({ names: [], unlistable: [] });
});

test("a page that cannot be listed is told, and the other parts are visited", async () => {
  const stock = stockedListed();
  for (const name of names) await pushImage(stock, name, { tag: "1" });
  const { listings } = stock.store;
  if (listings === undefined) throw new Error("not listed");
  const failing: Listings = {
    scan: async function* (prefix, range) {
      for await (const page of listings.scan(prefix, range)) {
        if (page.some(({ key }) => key.includes("/z/"))) throw new Error("SlowDown");
        yield page;
      }
    },
    identityOf: () => undefined,
  };
  const { names: found, unlistable } = await visited({ store: { ...stock.store, listings: failing } });
  expect([found.includes("library/one _layers,_manifests"), unlistable]).toEqual([true, [root]]);
});

test("what a visit throws ends the whole", async () => {
  const stock = stockedListed();
  await pushImage(stock, "a", { tag: "1" });
  const visit = () => Promise.reject(new Error("full"));
  expect(forEachRepository(stock.store, { visit, unlistable: () => {} })).rejects.toThrow("full");
});
