import { describe, expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { anonymous } from "../../src/registry/actor.ts";
import {
  layersPrefix,
  manifestsPrefix,
  referrerLink,
  repositoriesPrefix,
  revisionLink,
  revisionsPrefix,
  tagIndexLink,
  uploadsPrefix,
} from "../../src/registry/layout.ts";
import {
  isRepository,
  listRepositories,
  listRevisions,
  removeIfEmpty,
  removeUpwards,
  walkEmptyPrefixes,
  walkPrefixes,
} from "../../src/registry/repositories.ts";
import { intercept } from "../storage/intercepted.ts";
import { digestOf, named, pushBlob, pushImage, stocked, tagged, utf8 } from "./stocked.ts";

const everything = { limit: 1000, after: undefined };

/** A store with these repositories, which hold nothing. */
async function withRepositories(...names: readonly string[]) {
  const stock = stocked();
  for (const name of names) await stock.store.directory.makePrefix(manifestsPrefix(named(name)));
  return stock;
}

describe("listRepositories()", () => {
  /** Component by component: "/" comes before every other character. */
  const inOrder = ["a", "a/b", "a/b/c", "a/z", "a-b", "a.b", "a0", "b/a", "c"];

  test.each([
    [everything, inOrder, false],
    [{ limit: 2, after: undefined }, ["a", "a/b"], true],
    [{ limit: 3, after: "a/b" }, ["a/b/c", "a/z", "a-b"], true],
    [{ limit: 2, after: "b/a" }, ["c"], false],
    [{ limit: 1, after: "c" }, [], false],
    [{ limit: 9, after: undefined }, inOrder, false],
    [{ limit: 1, after: "a/b/b" }, ["a/b/c"], true],
    [{ limit: 2, after: "a/bb" }, ["a/z", "a-b"], true],
    [{ limit: 1, after: "b" }, ["b/a"], true],
    [{ limit: 1, after: "a/z/below/it" }, ["a-b"], true],
    [{ limit: 0, after: undefined }, [], true],
    // What the caller may not see leaves no gap in the page.
    [{ limit: 2, after: undefined, isVisible: (name: string) => !name.startsWith("a/") }, ["a", "a-b"], true],
    [{ limit: 3, after: "a", isVisible: (name: string) => name === "c" }, ["c"], false],
  ] as const)("has the page %j", async (request, items, hasMore) => {
    const { store } = await withRepositories(...inOrder.toReversed());
    expect(await listRepositories(store, request)).toEqual({ items, hasMore } as never);
  });

  test("goes page by page over everything once", async () => {
    const { store } = await withRepositories(...inOrder);
    const seen: string[] = [];
    for (let after: string | undefined; ; after = seen.at(-1)) {
      const { items, hasMore } = await listRepositories(store, { limit: 2, after });
      seen.push(...items);
      if (!hasMore) break;
    }
    expect(seen).toEqual(inOrder);
  });

  test("shows only what has manifests, and only legal names", async () => {
    const { store } = await withRepositories("a");
    const driver = store;
    await driver.directory.makePrefix(layersPrefix(named("blobs-only")));
    await driver.directory.makePrefix(uploadsPrefix(named("uploading")));
    for (const name of ["Upper", "_hidden/b", ".dot", "a/_x/b", "x".repeat(256)]) {
      await driver.directory.makePrefix(`${repositoriesPrefix}/${name}/_manifests`);
    }
    expect((await listRepositories(store, everything)).items).toEqual(["a"] as never);
  });

  test("is empty on an empty store", async () => {
    expect(await listRepositories(stocked().store, everything)).toEqual({ items: [], hasMore: false });
  });

  test("costs as much as the page and the way to it", async () => {
    let looks = 0;
    const count = () => {
      looks += 1;
    };
    const stock = stocked((driver) =>
      intercept(driver, { objects: { list: count }, directory: { changeTime: count } }),
    );
    for (let outer = 0; outer < 20; outer += 1) {
      for (let inner = 0; inner < 20; inner += 1) {
        await stock.store.directory.makePrefix(manifestsPrefix(named(`n${outer}/r${inner}`)));
      }
    }
    looks = 0;
    const { items } = await listRepositories(stock.store, { limit: 5, after: "n7/r3" });
    expect([items.length, looks < 40]).toEqual([5, true]);
  });
});

test("isRepository() is whether it holds or held a manifest", async () => {
  const stock = await withRepositories("a");
  await pushBlob(stock, "b", "x");
  expect([
    await isRepository(stock.store, named("a")),
    await isRepository(stock.store, named("b")),
    await isRepository(stock.store, named("a/b")),
  ]).toEqual([true, false, false]);
});

test("listRevisions() has what is linked, whatever else lies there", async () => {
  const { store } = stocked();
  const [app, one, two] = [named("app"), digestOf("1"), digestOf("2")];
  for (const digest of [one, two]) await store.objects.put(revisionLink(app, digest), utf8(digest));
  // What registry:2 leaves of a deleted revision, and what is none.
  await store.directory.makePrefix(`${revisionsPrefix(app)}/sha256/${"0".repeat(64)}`);
  await store.objects.put(`${revisionsPrefix(app)}/sha256/zz/link`, utf8(one));
  await store.objects.put(`${revisionsPrefix(app)}/md5/${"0".repeat(32)}/link`, utf8(one));
  const found: Digest[] = [];
  for await (const digest of listRevisions(store, app)) found.push(digest);
  expect(found.toSorted()).toEqual([one, two].toSorted());
});

describe("removeIfEmpty()", () => {
  test("removes _manifests first and _layers last, then the parents", async () => {
    const removed: string[] = [];
    const note = (prefix: string) => void removed.push(prefix.slice(repositoriesPrefix.length + 1));
    const stock = stocked((driver) => intercept(driver, { directory: { removeEmpty: note } }));
    const name = named("a/b");
    for (const prefix of [manifestsPrefix(name), uploadsPrefix(name), layersPrefix(name)]) {
      await stock.store.directory.makePrefix(prefix);
    }
    await removeIfEmpty(stock.store, name);
    expect([removed, await stock.store.objects.list(repositoriesPrefix)]).toEqual([
      ["a/b/_manifests", "a/b/_uploads", "a/b/_layers", "a/b", "a"],
      [],
    ]);
  });

  test.each([
    ["a tag", async (stock: ReturnType<typeof stocked>) => void (await pushImage(stock, "a/b", { tag: "1" }))],
    ["a manifest", async (stock: ReturnType<typeof stocked>) => void (await pushImage(stock, "a/b"))],
  ])("leaves a repository with %s as it is", async (_what, fill) => {
    const stock = stocked();
    await fill(stock);
    for (const text of ["config", "layer"])
      await stock.registry.repository(named("a/b"), anonymous()).blobs.delete(digestOf(text));
    await removeIfEmpty(stock.store, named("a/b"));
    const own = await stock.store.objects.list(`${repositoriesPrefix}/a/b`);
    expect(own).toEqual(["_deleted", "_layers", "_manifests", "_uploads"]);
  });

  test("leaves blobs, and an upload that is under way", async () => {
    const stock = stocked();
    await pushBlob(stock, "blobs", "x");
    await stock.store.directory.makePrefix(manifestsPrefix(named("blobs")));
    await stock.registry.repository(named("uploading"), anonymous()).uploads.start("sha256");
    await stock.store.directory.makePrefix(layersPrefix(named("uploading")));
    for (const name of ["blobs", "uploading"]) await removeIfEmpty(stock.store, named(name));
    expect([
      await stock.store.objects.list(`${repositoriesPrefix}/blobs`),
      await stock.store.objects.list(`${repositoriesPrefix}/uploading`),
    ]).toEqual([["_layers"], ["_layers", "_uploads"]]);
  });

  test("removes what has only directories of tags and revisions left", async () => {
    const stock = stocked();
    const app = named("app");
    await stock.store.directory.makePrefix(`${manifestsPrefix(app)}/tags/old/index/sha256`);
    await stock.store.directory.makePrefix(`${revisionsPrefix(app)}/sha256/${"0".repeat(64)}`);
    await stock.store.directory.makePrefix(layersPrefix(app));
    await removeIfEmpty(stock.store, app);
    expect(await stock.store.objects.list(repositoriesPrefix)).toEqual([]);
  });

  test("removes entries of referrers that are gone, which refer to nothing", async () => {
    const stock = stocked();
    const app = named("app");
    await stock.store.objects.put(referrerLink(app, digestOf("s"), digestOf("x")), utf8(digestOf("x")));
    await stock.store.directory.makePrefix(layersPrefix(app));
    await removeIfEmpty(stock.store, app);
    expect(await stock.store.objects.list(repositoriesPrefix)).toEqual([]);
  });

  test("removes nothing that holds something: where a tag once pointed to", async () => {
    const stock = stocked();
    const key = tagIndexLink(named("app"), tagged("1"), digestOf("x"));
    await stock.store.objects.put(key, utf8(digestOf("x")));
    await stock.store.directory.makePrefix(layersPrefix(named("app")));
    await removeIfEmpty(stock.store, named("app"));
    expect([
      (await stock.store.objects.stat(key))?.sizeBytes,
      (await stock.store.directory.prefixTime(layersPrefix(named("app")))) !== undefined,
    ]).toEqual([71, true]);
  });

  test("keeps its hands off a parent that becomes a repository meanwhile, whose lock it does not hold", async () => {
    const stock = stocked((driver) =>
      intercept(driver, {
        directory: {
          // A push into the parent begins just now: its directories are still empty.
          removeEmpty: async (prefix) => {
            if (prefix.endsWith("/a")) await driver.directory.makePrefix(layersPrefix(named("a")));
          },
        },
      }),
    );
    await stock.store.directory.makePrefix(layersPrefix(named("a/b")));
    await removeIfEmpty(stock.store, named("a/b"));
    expect(await stock.store.objects.list(`${repositoriesPrefix}/a`)).toEqual(["_layers"]);
  });
});

test("walkPrefixes() gives whatever has something of a repository, walkEmptyPrefixes() what has nothing at all", async () => {
  const driver = stocked().store;
  for (const path of ["a/_uploads", "a/b/_layers", "a/UPPER/_referrers", "c/d/e", "f", "g/_others"]) {
    await driver.directory.makePrefix(`${repositoriesPrefix}/${path}`);
  }
  const store = { ...stocked().store, ...driver };
  const below = (keys: readonly string[]) => keys.map((key) => key.slice(repositoriesPrefix.length + 1));
  expect([
    below(await Array.fromAsync(walkPrefixes(store, repositoriesPrefix, () => {}))),
    below(await Array.fromAsync(walkEmptyPrefixes(store, repositoriesPrefix))),
  ]).toEqual([
    ["a", "a/UPPER", "a/b"],
    ["c/d/e", "f"],
  ]);
});

test("removeUpwards() removes an empty directory with the parents that have nothing else, and nothing with content", async () => {
  const stock = stocked();
  const driver = stock.store;
  await driver.directory.makePrefix(`${repositoriesPrefix}/a/b/c`);
  await pushBlob(stock, "a/x", "x");
  const removed = [`${repositoriesPrefix}/a/b/c`, `${repositoriesPrefix}/a/x`].map((key) =>
    removeUpwards(stock.store, key),
  );
  expect([await Promise.all(removed), await driver.objects.list(`${repositoriesPrefix}/a`)]).toEqual([
    [true, false],
    ["x"],
  ]);
});
