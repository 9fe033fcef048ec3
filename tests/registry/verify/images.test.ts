import { describe, expect, test } from "bun:test";
import { blobKey, tagsPrefix, upstreamKey } from "../../../src/registry/layout.ts";
import { findBrokenImages } from "../../../src/registry/verify/images.ts";
import { digestOf, named, pushImage, type Stocked, stocked, utf8 } from "../stocked.ts";

const search = { rules: { urls: "any", children: "all" }, pace: () => undefined } as const;

async function broken({ store }: Stocked): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { image, reason } of findBrokenImages(store, search)) found.push(`${image}: ${reason}`);
  return found;
}

describe("findBrokenImages()", () => {
  test("names each tag whose bytes are nowhere, and no other", async () => {
    const stock = stocked();
    const digest = await pushImage(stock, "app", { tag: "1", layers: ["one"] });
    await pushImage(stock, "app", { tag: "2", layers: ["two"] });
    await pushImage(stock, "lab/app", { tag: "v6", layers: ["one", "six"] });
    expect(await broken(stock)).toEqual([]);
    await stock.store.objects.delete(blobKey(digestOf("one")));
    expect(await broken(stock)).toEqual(["app:1: a layer is missing", "lab/app:v6: a layer is missing"]);
    await stock.store.objects.delete(blobKey(digest));
    expect(await broken(stock)).toEqual(["app:1: its manifest is missing", "lab/app:v6: a layer is missing"]);
  });

  test("takes what a check has found damaged for missing", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1", layers: ["one"] });
    const key = blobKey(digestOf("one"));
    const stat = await stock.store.objects.stat(key);
    if (stat !== undefined) await stock.store.directory.noteDamage(key, stat, true);
    expect(await broken(stock)).toEqual(["app:1: a layer is missing"]);
  });

  test("leaves out cached repositories, and directories that are no tags", async () => {
    const stock = stocked();
    await pushImage(stock, "app", { tag: "1", layers: ["one"] });
    await stock.store.objects.delete(blobKey(digestOf("one")));
    await stock.store.objects.put(upstreamKey(named("app")), utf8("https://up.example"));
    await stock.store.directory.makePrefix(`${tagsPrefix(named("other"))}/-no-tag`);
    expect(await broken(stock)).toEqual([]);
  });
});
