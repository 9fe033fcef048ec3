import { expect, test } from "bun:test";
import { revisionLink, tagIndexLink } from "../../../src/registry/layout.ts";
import { named, pushImage, tagged, utf8 } from "../stocked.ts";
import { sound, verify } from "./verified.ts";

const app = named("app");
const one = tagged("1");

test.each([
  ["what the tag points to", /^its index lacks what it points to$/],
  ["a manifest that it left", /^its index is damaged for sha256:/],
])("an empty entry of the index of a tag for %s is found and repaired", async (what, problem) => {
  const { stock, image } = await sound();
  const next = await pushImage(stock, "app", { tag: "1", layers: ["next"] });
  const entry = what === "what the tag points to" ? next : image;
  await stock.store.objects.put(tagIndexLink(app, one, entry), utf8(""));
  expect((await verify(stock)).findings).toEqual([["repairable", expect.stringMatching(problem)]]);
  expect((await verify(stock, { isRepairing: true })).repaired).toEqual(["linked"]);
  expect((await verify(stock)).findings).toEqual([]);
});

test("an entry of a manifest that is gone, whatever it holds, tells nobody anything", async () => {
  const { stock } = await sound();
  const next = await pushImage(stock, "app", { tag: "1", layers: ["next"] });
  await pushImage(stock, "app", { tag: "1", layers: ["third"] });
  await stock.store.objects.delete(revisionLink(app, next));
  await stock.store.objects.put(tagIndexLink(app, one, next), utf8(""));
  expect((await verify(stock)).findings).toEqual([]);
});
