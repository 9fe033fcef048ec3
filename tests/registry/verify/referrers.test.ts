import { expect, test } from "bun:test";
import { blobKey, referrerLink } from "../../../src/registry/layout.ts";
import { digestOf, named, utf8 } from "../stocked.ts";
import { sound, verify } from "./verified.ts";

const app = named("app");

test.each([
  ["is empty", ""],
  ["holds another digest", digestOf("x")],
])("an entry of the index that %s is found and repaired", async (_what, text) => {
  const { stock, image, signature } = await sound();
  await stock.store.objects.put(referrerLink(app, image, signature), utf8(text));
  expect((await verify(stock)).findings).toEqual([["repairable", `it is not among the referrers of ${image}`]]);
  expect((await verify(stock, { isRepairing: true })).repaired).toEqual(["linked"]);
  expect((await verify(stock)).findings).toEqual([]);
});

test.each([
  ["of a manifest that is gone", true, "is gone"],
  ["of a manifest that is about something else", false, "does not name it"],
])("an entry %s is untidy; a repair takes nothing away", async (_what, isGone, why) => {
  const { stock, signature } = await sound();
  const key = referrerLink(app, digestOf("subject"), isGone ? digestOf("gone") : signature);
  await stock.store.objects.put(key, utf8(isGone ? digestOf("gone") : signature));
  const { findings, repaired } = await verify(stock, { isRepairing: true });
  expect(findings).toEqual([["untidy", expect.stringContaining(`but ${why}`)]]);
  expect([repaired, await stock.store.objects.stat(key)]).toEqual([[], expect.anything()]);
});

test("of a manifest that is damaged nobody knows what it is about", async () => {
  const { stock, signature } = await sound();
  await stock.store.objects.put(blobKey(signature), utf8("damaged"));
  expect((await verify(stock)).findings).toEqual([["lost", expect.stringContaining("its bytes hash to")]]);
});
