import { describe, expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { markCached } from "../../../src/registry/cached.ts";
import { blobKey, revisionLink, tagPulledKey } from "../../../src/registry/layout.ts";
import { listTagPage, type TagRequest } from "../../../src/registry/reading/tag-listing.ts";
import { readTagTable } from "../../../src/registry/reading/tag-table.ts";
import { named, pushImage, pushIndex, type Stocked, stocked, tagged, utf8 } from "../stocked.ts";

const app = named("app");

async function list({ store }: Stocked, request: Partial<TagRequest> = {}) {
  const table = await readTagTable(store, app);
  const usual = { limit: 100, after: undefined, order: "name", isDescending: false } as const;
  return listTagPage(store, app, { ...usual, ...request, table });
}

async function names(stock: Stocked, request: Partial<TagRequest> = {}): Promise<string> {
  return (await list(stock, request)).items.map(({ tag }) => tag).join(" ");
}

/** Four tags of three images, pushed one after the other. */
async function fourTags(): Promise<Stocked> {
  const stock = stocked();
  for (const [tag, layer] of [
    ["6.0.10", "xxx"],
    ["6.0.9", "x"],
    ["latest", "xxx"],
    ["edge", "xxxxxxxxx"],
  ] as const) {
    stock.wait(60_000);
    await pushImage(stock, "app", { tag, layers: [layer] });
  }
  return stock;
}

describe("listTagPage()", () => {
  test.each([
    ["name", false, "6.0.9 6.0.10 edge latest"],
    ["name", true, "latest edge 6.0.10 6.0.9"],
    ["pushed", false, "6.0.10 6.0.9 latest edge"],
    ["pushed", true, "edge latest 6.0.9 6.0.10"],
    ["size", false, "6.0.9 6.0.10 latest edge"],
    ["size", true, "edge latest 6.0.10 6.0.9"],
  ] as const)("sorts by %s, descending: %p, page by page", async (order, isDescending, want) => {
    const stock = await fourTags();
    const found: string[] = [];
    let after: TagRequest["after"];
    do {
      const page = await list(stock, { limit: 1, after, order, isDescending });
      found.push(page.items.map(({ tag }) => tag).join());
      after = page.next;
    } while (after !== undefined);
    expect([found.join(" "), await names(stock, { order, isDescending })]).toEqual([want, want]);
  });

  test("filters by name and by manifest, and says how many there are", async () => {
    const stock = await fourTags();
    const page = await list(stock, { matches: (tag) => tag.startsWith("6"), limit: 1 });
    expect(page).toMatchObject({ total: 4, matching: 2, items: [{ tag: "6.0.9" }], next: { tag: "6.0.9", value: 0 } });
    expect(await names(stock, { digest: page.items[0]?.digest })).toBe("6.0.9");
  });

  test("says which other tags are the same image, when each was pushed and pulled, and what stays", async () => {
    const stock = await fourTags();
    await stock.store.objects.put(tagPulledKey(app, tagged("latest")), utf8(""));
    const { items } = await listTagPage(stock.store, app, {
      ...{ limit: 9, after: undefined, order: "name", isDescending: false },
      table: await readTagTable(stock.store, app),
      isImmutable: (_name, tag) => tag === "latest",
    });
    const nowMs = stock.store.now();
    expect(items.at(-1)).toMatchObject({
      tag: "latest",
      aliases: ["6.0.10"],
      aliasCount: 1,
      pushedMs: nowMs - 60_000,
      pulledMs: nowMs,
      isImmutable: true,
      problem: undefined,
    });
    expect(items[0]).toMatchObject({ aliases: [], pulledMs: undefined, isImmutable: false });
  });

  test("shows what it can of a tag whose manifest is missing or damaged, and of an index without all its children", async () => {
    const stock = stocked();
    const damaged = await pushImage(stock, "app", { tag: "damaged", layers: ["a"] });
    const dangling = await pushImage(stock, "app", { tag: "dangling", layers: ["b"] });
    const child = await pushImage(stock, "app", { layers: ["c"] });
    await pushIndex(stock, "app", { tag: "sparse", children: [child] });
    await pushImage(stock, "app", { tag: "whole", layers: ["d"] });
    await stock.store.objects.put(blobKey(damaged), utf8("?"));
    await stock.store.objects.delete(revisionLink(app, dangling));
    await stock.store.objects.delete(revisionLink(app, child));
    const problems = async () => (await list(stock, { order: "size" })).items.map(({ tag, problem }) => [tag, problem]);
    expect(Object.fromEntries(await problems())).toEqual({
      damaged: "its manifest is missing or damaged",
      dangling: "the repository does not hold its manifest",
      sparse: "1 of its manifests are not in the repository",
      whole: undefined,
    });
    // A cache fetches them when somebody asks.
    await markCached(stock.store, app, "https://upstream.example/");
    expect(Object.fromEntries(await problems()).sparse).toBeUndefined();
    expect((await list(stock)).upstream).toBe("https://upstream.example/");
  });

  test("reads the tags of the page again: one that was moved or deleted meanwhile is not shown as it was", async () => {
    const stock = await fourTags();
    const table = await readTagTable(stock.store, app);
    const fresh = await pushImage(stock, "app", { tag: "6.0.9", layers: ["new"] });
    await stock.registry.repository(app, anonymous()).tags.delete(tagged("edge"));
    const request = { limit: 9, after: undefined, order: "name", isDescending: false } as const;
    const { items } = await listTagPage(stock.store, app, { ...request, table });
    expect(items.map(({ tag, digest }) => (digest === fresh ? `${tag} new` : tag))).toEqual([
      "6.0.9 new",
      "6.0.10",
      "latest",
    ]);
  });

  test("ends when its caller leaves", async () => {
    const stock = await fourTags();
    const left = list(stock, { signal: AbortSignal.abort() }).catch((error: Error) => error.name);
    expect(await left).toBe("AbortError");
  });
});
