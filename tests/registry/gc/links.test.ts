import { expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { readLinks } from "../../../src/registry/gc/links.ts";
import { layersPrefix } from "../../../src/registry/layout.ts";
import { digestOf, named, pushBlob, type Stocked, stocked, utf8 } from "../stocked.ts";
import { collect, graceMs, hasBlob } from "./collected.ts";

const app = named("app");
const digest = digestOf("kept");
const place = `${layersPrefix(app)}/sha256/${digest.slice(7)}`;

test.each([
  ["a directory in a link's place", (stock: Stocked) => stock.store.directory.makePrefix(`${place}/link`)],
  ["a file in the place of a link's directory", (stock: Stocked) => stock.store.objects.put(place, utf8(""))],
])("%s counts as a link and protects the repository", async (_what, obstruct) => {
  const stock = stocked();
  await pushBlob(stock, "app", "kept");
  await stock.store.objects.delete(`${place}/link`);
  await obstruct(stock);
  const lonely = await pushBlob(stock, "app", "lonely");
  stock.wait(graceMs);
  const { findings } = await collect(stock, { graceMs: 0 });
  expect(findings).toEqual([expect.stringMatching(/is not a (file|directory)$/)]);
  expect([await hasBlob(stock, digest), await hasBlob(stock, lonely)]).toEqual([true, true]);
});

test("a file in the place of all links of an algorithm keeps every blob", async () => {
  const stock = stocked();
  const other = await pushBlob(stock, "other", "other");
  await stock.store.objects.put(`${layersPrefix(app)}/sha256`, utf8(""));
  await stock.registry.repository(named("other"), anonymous()).blobs.delete(other);
  const { findings, summary } = await collect(stock, { graceMs: 0 });
  expect([findings, summary.condemned]).toEqual([[expect.stringContaining("no blob is removed")], 0]);
});

test("readLinks() names a stray file, a directory without a link, and the links that are there", async () => {
  const stock = stocked();
  await pushBlob(stock, "app", "kept");
  await stock.store.objects.put(`${layersPrefix(app)}/notes`, utf8(""));
  await stock.store.directory.makePrefix(`${layersPrefix(app)}/sha256/${"0".repeat(64)}`);
  const { links, vacancies, problems, aliases } = await readLinks(stock.store, layersPrefix(app), undefined);
  expect({ links: links.map(({ digest: of, key }) => [of, key]), vacancies, problems, aliases }).toEqual({
    links: [[digest, `${place}/link`]],
    vacancies: [`${layersPrefix(app)}/sha256/${"0".repeat(64)}`],
    problems: [expect.stringContaining("notes is not a directory")],
    aliases: [],
  });
});
