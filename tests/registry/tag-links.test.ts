import { expect, test } from "bun:test";
import { tagCurrentLink, tagIndexLink, tagPulledKey } from "../../src/registry/layout.ts";
import { listTagLinks } from "../../src/registry/tag-links.ts";
import { digestOf, named, stockedListed, tagged, utf8 } from "./stocked.ts";

const app = named("app");

test("listTagLinks() has each tag once, and neither what removed ones leave nor what lies beside them", async () => {
  const { store } = stockedListed();
  const put = (key: string, text: string) => store.objects.put(key, utf8(text));
  await put(tagCurrentLink(app, tagged("1.0")), digestOf("x"));
  await put(tagIndexLink(app, tagged("1.0"), digestOf("x")), digestOf("x"));
  await put(tagPulledKey(app, tagged("1.0")), "");
  await put(tagCurrentLink(app, tagged("1.0-rc")), digestOf("x"));
  await put(tagCurrentLink(app, tagged("removed")), "");
  await put(tagPulledKey(app, tagged("only-pulled")), "x");
  await put(`${tagCurrentLink(app, tagged("torn"))}.sgwtmp.1`, "x");
  await put("docker/registry/v2/repositories/app/_manifests/tags/.hidden/current/link", "x");
  await put(tagCurrentLink(named("app-2"), tagged("2")), digestOf("x"));
  const listings = store.listings;
  if (listings === undefined) throw new Error("it is listed");
  const links = await Array.fromAsync(listTagLinks(listings, app));
  expect(links.map(({ tag, stat }) => [tag, stat.sizeBytes])).toEqual([
    ["1.0-rc", 71],
    ["1.0", 71],
  ] as never);
});
