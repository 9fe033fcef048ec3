import { describe, expect, test } from "bun:test";
import { layerLink } from "../../../src/registry/layout.ts";
import {
  listComponents,
  listRepositoryPage,
  type RepositoryRequest,
} from "../../../src/registry/reading/repository-listing.ts";
import { digestOf, named, pushImage, type Stocked, stocked, utf8 } from "../stocked.ts";

async function stockedWith(...names: readonly string[]): Promise<Stocked> {
  const stock = stocked();
  for (const name of names) await pushImage(stock, name, { tag: "1" });
  return stock;
}

const usual = { limit: 100, after: undefined, prefix: "" };
const eight = ["a", "team", "team-a/x", "team/app", "team/app/web", "team/tool", "zoo/b", "zoo/c"] as const;

async function list(stock: Stocked, request: Partial<RepositoryRequest>) {
  const { items, hasMore } = await listRepositoryPage(stock.store, { ...usual, ...request });
  return `${items.map(({ name }) => name).join(" ")}${hasMore ? " …" : ""}`;
}

describe("listRepositoryPage()", () => {
  test.each<readonly [Partial<RepositoryRequest>, string]>([
    [{}, "a team team/app team/app/web team/tool team-a/x zoo/b zoo/c"],
    [{ limit: 2 }, "a team …"],
    [{ limit: 2, after: "team/app" }, "team/app/web team/tool …"],
    [{ prefix: "team/" }, "team/app team/app/web team/tool"],
    [{ prefix: "team" }, "team team/app team/app/web team/tool team-a/x"],
    [{ prefix: "team/a" }, "team/app team/app/web"],
    [{ prefix: "team/", after: "team/app/web" }, "team/tool"],
    [{ prefix: "team/", after: "a" }, "team/app team/app/web team/tool"],
    [{ prefix: "team/", after: "zoo" }, ""],
    [{ prefix: "team/", after: "team" }, "team/app team/app/web team/tool"],
    [{ prefix: "zoo/", after: "team/tool" }, "zoo/b zoo/c"],
    [{ prefix: "../" }, ""],
    [{ prefix: "team/../zoo/" }, ""],
    [{ prefix: "_x/" }, ""],
    [{ prefix: "no/" }, ""],
    [{ matches: (name) => name.includes("app") }, "team/app team/app/web"],
    [{ isVisible: (name) => name.startsWith("zoo"), limit: 1 }, "zoo/b …"],
    [{ limit: 0 }, " …"],
  ])("%p", async (request, want) => {
    expect(await list(await stockedWith(...eight), request)).toBe(want);
  });

  test("shows no repository that only holds blobs", async () => {
    const stock = await stockedWith("a");
    await stock.store.objects.put(layerLink(named("b"), digestOf("x")), utf8(digestOf("x")));
    expect(await list(stock, {})).toBe("a");
  });
});

describe("listComponents()", () => {
  const components = async (request: Partial<RepositoryRequest>) => {
    const page = await listComponents((await stockedWith(...eight)).store, { ...usual, ...request });
    const texts = page.items.map(
      ({ component, repository, hasChildren }) =>
        `${component}${repository === undefined ? "" : "*"}${hasChildren ? "/" : ""}`,
    );
    return `${texts.join(" ")}${page.hasMore ? " …" : ""}`;
  };

  test.each<readonly [Partial<RepositoryRequest>, string]>([
    [{}, "a* team*/ team-a/ zoo/"],
    [{ limit: 1, after: "a" }, "team*/ …"],
    [{ prefix: "team/" }, "app*/ tool*"],
    [{ prefix: "team/app/" }, "web*"],
    [{ prefix: "no/" }, ""],
    [{ prefix: "../" }, ""],
    [{ isVisible: (name) => name === "team/app/web" }, "team/"],
  ])("%p", async (request, want) => {
    expect(await components(request)).toBe(want);
  });

  test("ends when its caller leaves", async () => {
    const { store } = await stockedWith("a");
    const request = { ...usual, signal: AbortSignal.abort() };
    const names = [listComponents(store, request), listRepositoryPage(store, request)].map((each) =>
      each.then(String, (error: Error) => error.name),
    );
    expect(await Promise.all(names)).toEqual(["AbortError", "AbortError"]);
  });
});
