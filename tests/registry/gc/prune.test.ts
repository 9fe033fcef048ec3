import { expect, test } from "bun:test";
import { pruneRepository } from "../../../src/registry/gc/prune.ts";
import { scanRepository } from "../../../src/registry/gc/scan.ts";
import { layerLink, referrerLink, repositoryPrefix, tagCurrentLink } from "../../../src/registry/layout.ts";
import { digestOf, named, pushBlob, pushImage, type Stocked, stockedTicking, tagged, utf8 } from "../stocked.ts";

const app = named("app");
const manifestRules = { urls: "any", children: "all" } as const;
const rules = { isYoung: () => false, deletesUntagged: true, manifestRules, isDryRun: false };

function scan({ store }: Stocked) {
  return scanRepository(store, { prefix: repositoryPrefix(app), name: app });
}

/** A repository with one tagged image, one without a tag and a blob that nobody names. */
async function untidy(): Promise<Stocked> {
  const stock = stockedTicking((driver) => driver);
  await pushImage(stock, "app", { tag: "1" });
  await pushImage(stock, "app", { layers: ["untagged"] });
  await pushBlob(stock, "app", "lonely");
  return stock;
}

test("pruneRepository() removes what nobody needs and marks the rest", async () => {
  const stock = await untidy();
  const pruned = await pruneRepository(stock.store, await scan(stock), rules);
  expect([pruned.revisions.length, new Set(pruned.layers)]).toEqual([1, new Set(["untagged", "lonely"].map(digestOf))]);
  expect(pruned.marked).toContain(digestOf("layer"));
  expect(pruned.marked).not.toContain(digestOf("lonely"));
  expect(await stock.store.objects.stat(layerLink(app, digestOf("lonely")))).toBeUndefined();
});

test("pruneRepository() keeps every referrer of what it keeps", async () => {
  const stock = stockedTicking((driver) => driver);
  const subject = await pushImage(stock, "app", { tag: "1" });
  for (const layer of ["one", "two", "three"]) await pushImage(stock, "app", { layers: [layer], subject });
  expect(await pruneRepository(stock.store, await scan(stock), rules)).toMatchObject({ revisions: [], layers: [] });
});

test("pruneRepository() takes the entry of a referrer with it", async () => {
  const stock = await untidy();
  const subject = await pushImage(stock, "app", { layers: ["subject"] });
  const signature = await pushImage(stock, "app", { layers: ["signature"], subject });
  const isListed = async () => (await stock.store.objects.stat(referrerLink(app, subject, signature))) !== undefined;
  const before = await isListed();
  await pruneRepository(stock.store, await scan(stock), rules);
  expect([before, await isListed()]).toEqual([true, false]);
});

test("pruneRepository() leaves a busy repository alone, and all its links count", async () => {
  const stock = await untidy();
  const read = await scan(stock);
  using _push = await stock.store.locks.take(app, "shared", { waitMs: 0 });
  const pruned = await pruneRepository(stock.store, read, rules);
  expect(pruned).toMatchObject({ isBusy: true, revisions: [], layers: [] });
  expect(pruned.marked).toContain(digestOf("lonely"));
});

test("pruneRepository() leaves what was tagged, touched or pushed after the scan", async () => {
  const stock = await untidy();
  const read = await scan(stock);
  await pushImage(stock, "app", { tag: "2", layers: ["untagged"] });
  await stock.store.objects.renew(layerLink(app, digestOf("lonely")));
  await pushImage(stock, "app", { layers: ["new"] });
  expect(await pruneRepository(stock.store, read, rules)).toMatchObject({ revisions: [], layers: [] });
});

test("pruneRepository() leaves a manifest that was tagged after the scan by a push that had touched it before", async () => {
  const stock = await untidy();
  const read = await scan(stock);
  const [untagged] = [...read.revisions.keys()].filter((digest) => ![...read.tags.values()].includes(digest));
  await stock.store.objects.put(tagCurrentLink(app, tagged("late")), utf8(untagged ?? ""));
  expect(await pruneRepository(stock.store, read, rules)).toMatchObject({
    revisions: [],
    layers: [digestOf("lonely")],
  });
});

test("pruneRepository() takes nothing when what is new cannot be understood", async () => {
  const stock = await untidy();
  const read = await scan(stock);
  await stock.store.objects.put(tagCurrentLink(app, tagged("1")), utf8(""));
  const pruned = await pruneRepository(stock.store, read, rules);
  expect(pruned).toMatchObject({ revisions: [], layers: [], problems: [expect.stringContaining("current/link")] });
});
