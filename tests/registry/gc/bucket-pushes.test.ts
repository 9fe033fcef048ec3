// Collections on a bucket beside pushes of manifests and tags that are on their way, or come between two looks.
import { expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { noneImmutable } from "../../../src/registry/immutable-tags.ts";
import { revisionLink, tagCurrentLink, tagsPrefix } from "../../../src/registry/layout.ts";
import { readTag } from "../../../src/registry/tags.ts";
import { stockedBucket } from "../on-bucket.ts";
import { named, pullImage, pushImage, tagged, utf8 } from "../stocked.ts";
import { collect, graceMs } from "./collected.ts";

const app = named("app");
const tenMinutesMs = 10 * 60_000;
const rule = { newest: 1, pushedWithinMs: undefined, pulledWithinMs: undefined };
const keepNewest = {
  rules: [{ coversRepository: () => true, coversTag: () => true, ...rule }],
  isImmutable: noneImmutable,
};

test("a manifest whose tag is on its way stays, whatever the grace, until the store would refuse that", async () => {
  using bucket = stockedBucket();
  const { stock, other, engine } = bucket;
  await pushImage(stock, "app", { tag: "1" });
  const options = { deletesUntagged: true, graceMs: 0 };
  let isFirst = true;
  engine.fault = ({ method, key }) => {
    if (method !== "PUT" || key !== tagCurrentLink(app, tagged("1"))) return undefined;
    const kind = isFirst ? "late" : "dropped";
    isFirst = false;
    return { kind };
  };
  await expect(pushImage(other, "app", { tag: "1", layers: ["layer", "layer"] })).rejects.toThrow();
  stock.wait(30_000);
  expect((await collect(stock, options)).summary.revisions).toBe(0);
  await engine.arrive();
  expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
  stock.wait(tenMinutesMs);
  expect((await collect(stock, options)).summary.revisions).toBe(1);
  expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
});

test("an old manifest that is pushed again is as young as a new one", async () => {
  using bucket = stockedBucket();
  const { stock, other } = bucket;
  const digest = await pushImage(stock, "app");
  stock.wait(tenMinutesMs);
  await pushImage(other, "app");
  expect((await collect(stock, { deletesUntagged: true })).summary).toMatchObject({ revisions: 0, layerLinks: 0 });
  expect(await pullImage(stock, "app", digest)).toBe(true);
});

test("a tag that is moved between two pages of a listing, each time it is listed, stays", async () => {
  using bucket = stockedBucket();
  const { stock, engine } = bucket;
  for (const tag of ["1", "2", "3", "4", "5", "z"]) await pushImage(stock, "app", { tag });
  const moved: Digest[] = [];
  for (const count of [2, 3])
    moved.push(await pushImage(stock, "other", { layers: Array.from({ length: count }, () => "layer") }));
  stock.wait(graceMs);
  const left = [...moved];
  const listings = new Set<string>();
  engine.fault = ({ method, query }) => {
    const token = query.get("continuation-token") ?? "";
    const listing = query.get("prefix") ?? "";
    if (method !== "GET" || !token.startsWith(`${tagsPrefix(app)}/`) || listings.has(listing)) return undefined;
    listings.add(listing);
    const digest = left.shift();
    if (digest === undefined) return undefined;
    // Its revision comes too early for the rest of the listing, and its tag does not.
    for (const key of [revisionLink(app, digest), tagCurrentLink(app, tagged("z"))])
      engine.objects.set(key, utf8(digest));
    return undefined;
  };
  expect((await collect(stock)).findings).toEqual([]);
  expect([left, await readTag(stock.store, app, tagged("z"))]).toEqual([[], moved.at(-1)]);
  expect(await pullImage(stock, "app", tagged("z"))).toBe(true);
});

test("a tag that is pushed again while rules take it away is not promised", async () => {
  using bucket = stockedBucket();
  const { stock, other, engine } = bucket;
  const digest = await pushImage(stock, "app", { tag: "1" });
  stock.wait(1000);
  await pushImage(stock, "app", { tag: "2", layers: ["new"] });
  stock.wait(graceMs);
  const key = tagCurrentLink(app, tagged("1"));
  let isPushed = false;
  engine.fault = (request) => {
    // The tag has been looked at once more.
    if (request.method !== "PUT" || request.key !== revisionLink(app, digest)) return undefined;
    engine.objects.set(key, utf8(digest));
    isPushed = true;
    return undefined;
  };
  expect((await collect(stock, { keep: keepNewest })).summary.tags).toBe(1);
  await using adding = await other.store.changes.adding(app, { waitMs: 0 });
  expect([isPushed, await adding?.stands([key])]).toEqual([true, false]);
  expect(engine.keys().filter((each) => each.includes("/tags/1/"))).toEqual([]);
});

test("tags that rules take away and that take longer than was announced are left for the next run", async () => {
  using bucket = stockedBucket();
  const { stock, engine } = bucket;
  const digest = await pushImage(stock, "app", { tag: "1" });
  stock.wait(1000);
  await pushImage(stock, "app", { tag: "2", layers: ["new"] });
  stock.wait(graceMs);
  engine.fault = ({ method, key }) => {
    if (method === "PUT" && key === revisionLink(app, digest)) engine.nowMs += 61_000;
    return undefined;
  };
  const slow = await collect(stock, { keep: keepNewest });
  engine.fault = () => undefined;
  expect([slow.summary.tags, slow.findings, await readTag(stock.store, app, tagged("1"))]).toEqual([0, [], digest]);
  expect((await collect(stock, { keep: keepNewest })).summary.tags).toBe(1);
});
