import { expect, test } from "bun:test";
import { deletingKey, revisionLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import { streamPointedTags, streamTags } from "../../../src/registry/reading/tag-stream.ts";
import { named, pushImage, stocked, tagged, utf8 } from "../../registry/stocked.ts";

const app = named("app");

test("streamTags() gives the tags that fit, in natural order, with their images", async () => {
  const stock = stocked();
  for (const tag of ["v10", "v9", "x"]) await pushImage(stock, "app", { tag });
  const found = await Array.fromAsync(streamTags(stock.store, app, (tag) => tag.startsWith("v")));
  expect(found.map(({ tag, image, problem }) => [tag, image?.facts.kind, problem])).toEqual([
    ["v9", "image", undefined],
    ["v10", "image", undefined],
  ] as never);
});

test("streamPointedTags() passes over what is no tag", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "v1" });
  await stock.store.objects.put(tagCurrentLink(app, tagged("empty")), utf8(""));
  const all = () => Array.fromAsync(streamPointedTags(stock.store, app, () => true));
  expect((await all()).map(({ tag }) => tag)).toEqual([tagged("v1")]);
  await stock.store.objects.put(deletingKey(app), utf8(digest));
  await stock.store.objects.delete(revisionLink(app, digest));
  expect(await all()).toEqual([]);
  expect(await Array.fromAsync(streamPointedTags(stock.store, named("none"), () => true))).toEqual([]);
});
