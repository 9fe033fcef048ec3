// What the disk cannot read hurts one repository, and what was moved elsewhere is not lost.
import { expect, test } from "bun:test";
import {
  blobKey,
  layerLink,
  layersPrefix,
  revisionLink,
  tagCurrentLink,
  tagIndexLink,
} from "../../../src/registry/layout.ts";
import { intercept } from "../../storage/intercepted.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, stocked, tagged } from "../stocked.ts";
import { collect, collectTwice, graceMs, hasBlob } from "./collected.ts";

const broken = named("broken");

/** What a disk with a bad sector says. */
function fail(): never {
  throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
}

/** A store of which reading some keys fails from now on. */
function failing() {
  const bad = new Set<string>();
  const check = (key: string) => {
    if (bad.has(key)) fail();
  };
  return { bad, stock: stocked((driver) => intercept(driver, { objects: { stat: check, read: check, list: check } })) };
}

test.each([
  ["a manifest", (digest: ReturnType<typeof digestOf>) => blobKey(digest)],
  ["the link of a manifest", (digest: ReturnType<typeof digestOf>) => revisionLink(broken, digest)],
  ["the link of a layer", () => layerLink(broken, digestOf("layer"))],
  ["a tag", () => tagCurrentLink(broken, tagged("1"))],
])("%s that cannot be read protects its repository and does not stop the rest", async (_title, keyOf) => {
  const { bad, stock } = failing();
  const digest = await pushImage(stock, "broken", { tag: "1", layers: ["layer"] });
  const kept = await pushBlob(stock, "broken", "kept");
  const lonely = await pushBlob(stock, "tidy", "lonely");
  const key = keyOf(digest);
  bad.add(key);
  stock.wait(graceMs);
  const { summary, findings } = await collect(stock, { deletesUntagged: true });
  expect(summary).toMatchObject({ findings: 1, layerLinks: 1, trashed: 1 });
  expect(findings[0]).toMatch(/cannot be read|missing or damaged/);
  expect([await hasBlob(stock, lonely), await hasBlob(stock, kept)]).toEqual([false, true]);
  bad.delete(key);
  expect(await pullImage(stock, "broken", tagged("1"))).toBe(true);
});

test.each([
  ["of links", layersPrefix(broken), 1],
  // Its uploads cannot be looked at either.
  ["of a repository", "docker/registry/v2/repositories/broken", 2],
])(
  "a directory %s that cannot be listed protects every blob; other repositories lose stale links",
  async (_what, key, findings) => {
    const { bad, stock } = failing();
    await pushImage(stock, "broken", { tag: "1" });
    const lonely = await pushBlob(stock, "tidy", "lonely");
    bad.add(key);
    stock.wait(graceMs);
    const { summary } = await collect(stock);
    expect(summary).toMatchObject({ findings, layerLinks: 1, condemned: 0 });
    expect(await hasBlob(stock, lonely)).toBe(true);
  },
);

test("a collection steps aside inside a large repository, so that requests are answered", async () => {
  const stock = stocked();
  for (let count = 0; count < 400; count += 1) await pushBlob(stock, "large", `blob ${count}`);
  stock.wait(graceMs);
  const slow = intercept(stock.store, { objects: { stat: () => Bun.sleepSync(0.2) } });
  let [turns, isOver] = [0, false];
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await collect({ ...stock, store: { ...stock.store, ...slow } });
  isOver = true;
  expect(turns).toBeGreaterThan(3);
});

test("entries of untagged manifests leave the index of the tags that had them without a look at every pair", async () => {
  const calls: string[] = [];
  const stock = stocked((driver) => intercept(driver, { objects: { delete: (key) => void calls.push(key) } }));
  const old = await pushImage(stock, "app", { tag: "1", layers: ["old"] });
  for (const tag of ["1", "2", "3"]) await pushImage(stock, "app", { tag, layers: ["new"] });
  await collectTwice(stock, { deletesUntagged: true });
  const inIndexes = calls.filter((key) => key.includes("/index/"));
  expect(inIndexes).toEqual([tagIndexLink(named("app"), tagged("1"), old)]);
});
