import { describe, expect, test } from "bun:test";
import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { tagCurrentLink, tagIndexLink, tagPrefix } from "../../src/registry/layout.ts";
import { indexAfter, TagNames } from "../../src/registry/tag-names.ts";
import { listTags } from "../../src/registry/tags.ts";
import { intercept } from "../storage/intercepted.ts";
import { openDisk } from "../storage/test-store.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { digestOf, named, pushImage, stockedListed, tagged, utf8 } from "./stocked.ts";

const app = named("app");

/** A repository with the tags a and b on a disk, whose clock is `laterMs` ahead, and how often a file is read there. */
async function tagsOnDisk(root: string, laterMs: number) {
  const driver = await openDisk({ root, isDurable: false });
  let reads = 0;
  const read = () => {
    reads += 1;
  };
  const counting = intercept(driver, { objects: { read } });
  const store = { ...counting, now: () => Date.now() + laterMs, uuid: () => crypto.randomUUID() };
  const tag = (text: string) => driver.objects.put(tagCurrentLink(app, tagged(text)), utf8(digestOf("image")));
  await tag("a");
  await tag("b");
  const tagNames = new TagNames(store);
  const list = async (after?: string) => {
    reads = 0;
    const { items } = await listTags(store, app, { limit: 10, after, tagNames });
    return { items, reads };
  };
  return { driver, tag, list };
}

describe("names of tags", () => {
  test("are remembered: a second list looks at no tag", async () => {
    using root = temporaryDirectory();
    const { list } = await tagsOnDisk(root.path, 60_000);
    const [first, second, page] = [await list(), await list(), await list("a")];
    expect([first.items, second.items, page.items] as unknown).toEqual([["a", "b"], ["a", "b"], ["b"]]);
    expect(first.reads - second.reads).toBe(2);
  });

  test("are not remembered of a directory that changed a moment ago", async () => {
    using root = temporaryDirectory();
    const { list } = await tagsOnDisk(root.path, 0);
    expect((await list()).reads).toBe((await list()).reads);
  });

  test("follow what is pushed and deleted", async () => {
    using root = temporaryDirectory();
    const { list, tag } = await tagsOnDisk(root.path, 60_000);
    const seen = [(await list()).items];
    await tag("c");
    seen.push((await list()).items);
    rmSync(join(root.path, tagPrefix(app, tagged("a"))), { recursive: true });
    seen.push((await list()).items);
    expect(seen as unknown).toEqual([
      ["a", "b"],
      ["a", "b", "c"],
      ["b", "c"],
    ]);
  });

  test("of a directory that changed only what is new or was moved is read again", async () => {
    using root = temporaryDirectory();
    const { list, tag } = await tagsOnDisk(root.path, 60_000);
    const [first, again] = [await list(), await list()];
    await tag("c");
    const [withNew, page] = [await list(), await list("b")];
    await tag("d");
    await list("c");
    await tag("e");
    expect([first, withNew, page, await list()].map(({ reads }) => reads - again.reads)).toEqual([2, 1, 0, 2]);
  });

  test("a tag that was moved is read again when the directory has changed", async () => {
    using root = temporaryDirectory();
    const { list, tag } = await tagsOnDisk(root.path, 60_000);
    const [, again] = [await list(), await list()];
    const later = (Date.now() + 120_000) / 1000;
    utimesSync(join(root.path, tagCurrentLink(app, tagged("a"))), later, later);
    await tag("c");
    expect((await list()).reads - again.reads).toBe(2);
  });

  test("one whose link comes after its directory is a tag from then on", async () => {
    using root = temporaryDirectory();
    const { driver, list, tag } = await tagsOnDisk(root.path, 60_000);
    await driver.objects.put(tagIndexLink(app, tagged("c"), digestOf("image")), utf8(digestOf("image")));
    const before = await list();
    await tag("c");
    expect([before.items, (await list()).items] as unknown).toEqual([
      ["a", "b"],
      ["a", "b", "c"],
    ]);
  });
});

test("names of tags come from the listing of a store that has one: no tag is looked at", async () => {
  const looks: string[] = [];
  const look = (key: string) => {
    if (key.includes("/tags/")) looks.push(key);
  };
  const stock = stockedListed((driver) => intercept(driver, { objects: { stat: look, read: look } }));
  for (const tag of ["1.0", "1.0-rc", "a"]) await pushImage(stock, "app", { tag });
  await stock.store.objects.put(tagCurrentLink(app, tagged("a")), new Uint8Array());
  looks.length = 0;
  const page = await listTags(stock.store, app, { limit: 10, after: undefined });
  const rest = await listTags(stock.store, app, { limit: 10, after: "1.0" });
  expect([page.items, rest.items, looks] as unknown).toEqual([["1.0", "1.0-rc"], ["1.0-rc"], []]);
});

test.each([
  [undefined, 0],
  ["", 0],
  ["a", 1],
  ["aa", 1],
  ["c", 2],
  ["d", 3],
  ["e", 3],
])("indexAfter() %p among a, c and d is %p", (after, index) => {
  expect(indexAfter(["a", "c", "d"], after)).toBe(index);
});
