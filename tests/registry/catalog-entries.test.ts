import { describe, expect, test } from "bun:test";
import type { RepositoryName } from "../../src/oci/name.ts";
import { beginCatalog, isCataloged, listCatalog, tidyCatalog } from "../../src/registry/catalog-entries.ts";
import { catalogKey, catalogPrefix, manifestsPrefix } from "../../src/registry/layout.ts";
import { listRepositories, walkCatalog } from "../../src/registry/repositories.ts";
import { intercept } from "../storage/intercepted.ts";
import { named, pushImage, type Stocked, stocked, stockedListed } from "./stocked.ts";

/** In the order of the catalog. */
const names = ["a", "a/b", "a/b/c", "a-b", "a-b/c", "a.b", "ab", "b/a"];

const everything = { below: [], after: undefined };

/** A store with these repositories, and whether every one of them is known to have an entry. */
async function withRepositories({ isComplete }: { readonly isComplete: boolean }): Promise<Stocked> {
  const stock = stockedListed();
  for (const name of names.toReversed()) await pushImage(stock, name, { tag: "1" });
  if (isComplete) await tidyCatalog(stock.store, new Set(names.map(named)));
  return stock;
}

const list = ({ store }: Stocked) => Array.fromAsync(listCatalog(store, everything)) as Promise<string[]>;

describe.each([true, false])("the catalog; it is complete: %p", (isComplete) => {
  test.each([
    [[], undefined, names],
    [[], "a/b/c", ["a-b", "a-b/c", "a.b", "ab", "b/a"]],
    [[], "a/zz", ["a-b", "a-b/c", "a.b", "ab", "b/a"]],
    [[], "b/a", []],
    [["a"], undefined, ["a/b", "a/b/c"]],
    [["a"], "a/b", ["a/b/c"]],
    [["a"], "a/b/c", []],
    [["a-b"], "a/b", ["a-b/c"]],
    [["a"], "a-b", []],
    [["b"], undefined, ["b/a"]],
    [["none"], undefined, []],
  ])("below %j after %p", async (below, after, want) => {
    const { store } = await withRepositories({ isComplete });
    expect([await isCataloged(store), await Array.fromAsync(walkCatalog(store, { below, after }))] as unknown).toEqual([
      isComplete,
      want,
    ]);
  });
});

test("a page of a complete catalog costs a look at no repository", async () => {
  const lists: string[] = [];
  const stock = stockedListed((driver) =>
    intercept(driver, { objects: { list: (prefix) => void lists.push(prefix) } }),
  );
  for (const name of ["a", "b", "c"]) await pushImage(stock, name);
  await tidyCatalog(stock.store, new Set(["a", "b", "c"].map(named)));
  lists.length = 0;
  const page = await listRepositories(stock.store, { limit: 2, after: undefined });
  expect([page, lists]).toEqual([{ items: ["a", "b"].map(named), hasMore: true }, []]);
});

describe("tidyCatalog()", () => {
  test("writes what another registry left out, and takes what is gone, but nothing that is there again", async () => {
    const stock = await withRepositories({ isComplete: false });
    const { objects, listings } = stock.store;
    await objects.delete(catalogKey("a/b"));
    await objects.put(`${catalogPrefix}/no name`, new Uint8Array());
    for await (const page of listings?.scan(manifestsPrefix(named("ab"))) ?? [])
      for (const { key } of page) await objects.delete(key);
    await stock.store.directory.removeEmpty(manifestsPrefix(named("ab")));
    const seen = new Set(names.map(named));
    for (const gone of ["ab", "b/a"]) seen.delete(named(gone));
    await tidyCatalog(stock.store, seen);
    expect(await list(stock)).toEqual(names.filter((name) => name !== "ab"));
  });

  test("leaves no repository out that is pushed to while its entry is taken", async () => {
    const name = named("app");
    let pushing: Promise<unknown> | undefined;
    const stock: Stocked = stockedListed((driver) =>
      intercept(driver, {
        objects: {
          delete: (key) => {
            if (key === catalogKey(name)) pushing = pushImage(stock, name, { tag: "1" });
          },
        },
      }),
    );
    await stock.store.objects.put(catalogKey(name), new Uint8Array());
    await tidyCatalog(stock.store, new Set<RepositoryName>());
    await pushing;
    expect([pushing !== undefined, await list(stock)]).toEqual([true, [name]]);
  });

  test("has nothing to do where directories tell", async () => {
    const stock = stocked();
    await pushImage(stock, "app");
    await tidyCatalog(stock.store, new Set([named("app")]));
    expect([await isCataloged(stock.store), await stock.store.objects.stat(catalogKey("app"))]).toEqual([
      false,
      undefined,
    ]);
  });
});

test("the catalog of a store without repositories is complete from its beginning, and of no other one", async () => {
  const [empty, filled, directory] = [stockedListed(), await withRepositories({ isComplete: false }), stocked()];
  for (const { store } of [empty, filled, directory]) await beginCatalog(store);
  expect(await Promise.all([empty, filled, directory].map(({ store }) => isCataloged(store)))).toEqual([
    ...[true, false, false],
  ]);
  await pushImage(empty, "a/b", { tag: "1" });
  await beginCatalog(empty.store);
  expect(await list(empty)).toEqual(["a/b"]);
});
