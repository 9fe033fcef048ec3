import { expect, test } from "bun:test";
import { deletingKey, revisionLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import { readPointedTag, readTagTable } from "../../../src/registry/reading/tag-table.ts";
import { intercept } from "../../storage/intercepted.ts";
import { named, pushImage, stocked, tagged, utf8 } from "../stocked.ts";

const app = named("app");

test("readTagTable() reads a link again only if it has changed since", async () => {
  const read: string[] = [];
  const stock = stocked((driver) =>
    intercept(driver, { objects: { read: async (key) => void (key.endsWith("current/link") && read.push(key)) } }),
  );
  const one = await pushImage(stock, "app", { tag: "1", layers: ["a"] });
  await pushImage(stock, "app", { tag: "2", layers: ["b"] });
  stock.wait(5000);
  await readTagTable(stock.store, app);
  read.length = 0;
  const again = await readTagTable(stock.store, app);
  expect([again.tags.length, read]).toEqual([2, []]);
  await pushImage(stock, "app", { tag: "2", layers: ["a"] });
  read.length = 0;
  const { tags } = await readTagTable(stock.store, app);
  expect([tags.map(({ digest }) => digest), read]).toEqual([[one, one], [tagCurrentLink(app, tagged("2"))]]);
});

test("a link that is younger than the steps of a filesystem's clock is not remembered", async () => {
  const stock = stocked();
  const old = await pushImage(stock, "app", { tag: "1", layers: ["a"] });
  const fresh = await pushImage(stock, "app", { layers: ["b"] });
  expect((await readPointedTag(stock.store, app, tagged("1")))?.digest).toBe(old);
  await stock.store.objects.put(tagCurrentLink(app, tagged("1")), utf8(fresh));
  expect((await readPointedTag(stock.store, app, tagged("1")))?.digest).toBe(fresh);
});

test("what is no tag for others is none here: damaged ones, and those of a deletion that was killed", async () => {
  const stock = stocked();
  const digest = await pushImage(stock, "app", { tag: "1" });
  await stock.store.objects.put(tagCurrentLink(app, tagged("2")), utf8("sha256:0"));
  expect((await readTagTable(stock.store, app)).tags.map(({ tag }) => tag)).toEqual([tagged("1")]);
  await stock.store.objects.put(deletingKey(app), utf8(digest));
  await stock.store.objects.delete(revisionLink(app, digest));
  expect((await readTagTable(stock.store, app)).tags).toEqual([]);
});

test("a tag that the disk does not give back is told, and hides no other", async () => {
  const stock = stocked((driver) =>
    intercept(driver, {
      objects: {
        stat: async (key) => {
          if (key.includes("/tags/bad/current")) throw Object.assign(new Error("/secret/path"), { code: "EIO" });
        },
      },
    }),
  );
  await pushImage(stock, "app", { tag: "good" });
  await stock.store.objects.put(tagCurrentLink(app, tagged("bad")), utf8("x"));
  const { tags, problems } = await readTagTable(stock.store, app);
  expect([tags.length, problems]).toEqual([1, ["the tag bad cannot be read (EIO)"]]);
  const left = readTagTable(stock.store, app, AbortSignal.abort()).catch((error: Error) => error.name);
  expect(await left).toBe("AbortError");
});
