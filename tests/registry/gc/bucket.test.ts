// Collections on a bucket: the same rules, without locks and without a trash, beside a node that pushes.
import { describe, expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { layerLink, referrerLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import { stockedBucket } from "../on-bucket.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, type Stock, tagged, utf8 } from "../stocked.ts";
import { collect, graceMs, hasBlob } from "./collected.ts";

const app = named("app");

/** A blob that nobody links any more, for longer than the grace. */
async function lonely(stock: Stock, text: string) {
  const digest = await pushBlob(stock, "app", text);
  await stock.registry.repository(app, anonymous()).blobs.delete(digest);
  stock.wait(graceMs);
  return digest;
}

/** Whether repositories are being listed. */
function isOfRepositories(query: URLSearchParams): boolean {
  return query.get("prefix")?.includes("/repositories") === true && !query.has("delimiter");
}

describe("on a bucket", () => {
  test("what nobody links is condemned, and destroyed by a later run; images stay whole", async () => {
    using bucket = stockedBucket();
    const { stock, other } = bucket;
    await pushImage(stock, "app", { tag: "1" });
    await pushImage(stock, "team/tool", { tag: "1", layers: ["other"] });
    const digest = await lonely(stock, "lonely");
    expect((await collect(stock)).summary).toMatchObject({
      repositories: 2,
      condemned: 1,
      trashed: 1,
      inTrash: 1,
      findings: 0,
    });
    expect((await collect(other)).summary).toMatchObject({ condemned: 0, trashed: 0, inTrash: 1, purged: 0 });
    expect(await hasBlob(other, digest)).toBe(true);
    stock.wait(graceMs);
    expect((await collect(other)).summary).toMatchObject({ purged: 1, freedBytes: 6, inTrash: 0, findings: 0 });
    expect([await hasBlob(stock, digest), await pullImage(other, "app", tagged("1"))]).toEqual([false, true]);
    expect(await pullImage(other, "team/tool", tagged("1"))).toBe(true);
    expect(bucket.engine.keys().filter((key) => key.startsWith("notices/"))).toEqual([]);
  });

  test("a dry run says what a run does, and does nothing", async () => {
    using bucket = stockedBucket();
    const { stock } = bucket;
    await pushImage(stock, "app", { tag: "1" });
    await pushImage(stock, "app", { layers: ["untagged"] });
    await lonely(stock, "lonely");
    const before = bucket.engine.keys();
    const told = await collect(stock, { isDryRun: true, deletesUntagged: true });
    expect(bucket.engine.keys()).toEqual(before);
    const done = await collect(stock, { deletesUntagged: true });
    expect(done.removals.toSorted()).toEqual(told.removals.toSorted());
  });

  test("what is pushed again between two runs stays, and so does what is linked elsewhere", async () => {
    using bucket = stockedBucket();
    const { stock, other } = bucket;
    const digests = [await lonely(stock, "pushed"), await lonely(stock, "mounted")] as const;
    await collect(stock);
    stock.wait(graceMs);
    await pushBlob(other, "app", "pushed");
    await other.store.objects.put(layerLink(named("other"), digests[1]), utf8(digests[1]));
    expect((await collect(stock)).summary).toMatchObject({ purged: 0, condemned: 0 });
    expect([await hasBlob(stock, digests[0]), await hasBlob(stock, digests[1])]).toEqual([true, true]);
  });

  test("what is pushed while it is announced is there if that was acknowledged", async () => {
    using bucket = stockedBucket();
    const { stock, other, engine } = bucket;
    const digest = await lonely(stock, "x");
    await collect(stock);
    stock.wait(graceMs);
    let pushing: Promise<unknown> | undefined;
    engine.fault = ({ method, query }) => {
      // The links are being read.
      if (pushing === undefined && method === "GET" && isOfRepositories(query))
        pushing = pushBlob(other, "app", "x").catch((error: unknown) => error);
      return undefined;
    };
    await collect(stock);
    const outcome = await pushing;
    if (outcome === digest)
      expect((await other.registry.repository(app, anonymous()).blobs.open(digest)).sizeBytes).toBe(1);
    else expect(outcome).toMatchObject({ code: "UNAVAILABLE" });
    expect(pushing).toBeDefined();
  });

  test("a run that took too long destroys nothing, says so, and the next one has the time", async () => {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    const digest = await lonely(stock, "x");
    await collect(stock);
    stock.wait(graceMs);
    let isSlow = false;
    engine.fault = ({ method, query }) => {
      if (!isSlow && method === "GET" && isOfRepositories(query)) {
        isSlow = true;
        engine.nowMs += 20 * 60_000;
      }
      return undefined;
    };
    const { summary, findings } = await collect(stock);
    expect([summary.purged, findings]).toEqual([0, [expect.stringContaining("took longer")]]);
    expect(await hasBlob(stock, digest)).toBe(true);
    isSlow = false;
    stock.wait(graceMs);
    expect((await collect(stock)).summary).toMatchObject({ purged: 1, findings: 0 });
  });

  test("a repository that takes too long to look at again counts as busy, and the next run has another try", async () => {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    await pushImage(stock, "app", { tag: "1" });
    await pushBlob(stock, "app", "lonely");
    stock.wait(graceMs);
    let isAnnounced = false;
    engine.fault = ({ method, key, query }) => {
      if (method === "PUT" && key.includes("notices/r-")) isAnnounced = true;
      else if (isAnnounced && isOfRepositories(query)) {
        isAnnounced = false;
        engine.nowMs += 16 * 60_000;
      }
      return undefined;
    };
    expect((await collect(stock)).summary).toMatchObject({ busy: 1, findings: 0, condemned: 0 });
    engine.fault = () => undefined;
    expect((await collect(stock)).summary).toMatchObject({ busy: 0, layerLinks: 1 });
    expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
  });

  test("a page that cannot be listed protects every blob", async () => {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    await pushImage(stock, "app", { tag: "1" });
    const digest = await lonely(stock, "x");
    await collect(stock);
    stock.wait(graceMs);
    engine.fault = ({ method, query }) =>
      method === "GET" && query.has("start-after") && isOfRepositories(query)
        ? { kind: "refused", status: 403, code: "AccessDenied" }
        : undefined;
    const { summary, findings } = await collect(stock);
    expect([summary.purged, summary.condemned, findings.length > 0]).toEqual([0, 0, true]);
    expect(await hasBlob(stock, digest)).toBe(true);
  });

  test("untagged manifests go with their links and entries, if they are past the grace", async () => {
    using bucket = stockedBucket();
    const { stock } = bucket;
    const kept = await pushImage(stock, "app", { tag: "1" });
    const old = await pushImage(stock, "app", { tag: "2", layers: ["old"] });
    const referrer = await pushImage(stock, "app", { layers: ["signature"], subject: old });
    await stock.registry.repository(app, anonymous()).tags.delete(tagged("2"));
    stock.wait(10 * graceMs);
    const { summary, findings } = await collect(stock, { deletesUntagged: true });
    expect([summary.revisions, findings]).toEqual([2, []]);
    expect(await stock.store.objects.stat(referrerLink(app, old, referrer))).toBeUndefined();
    expect(await stock.store.objects.stat(layerLink(app, digestOf("old")))).toBeUndefined();
    expect(await pullImage(stock, "app", kept)).toBe(true);
  });

  test("a tag that a deletion has emptied goes, with what lies beside it", async () => {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    await pushImage(stock, "app", { tag: "1" });
    await pushImage(stock, "app", { tag: "2" });
    await stock.registry.repository(app, anonymous()).tags.delete(tagged("2"));
    const ofTag = () => engine.keys().filter((key) => key.includes("/tags/2/"));
    expect(ofTag()).not.toEqual([]);
    const { findings } = await collect(stock);
    expect([ofTag(), findings]).toEqual([[], []]);
    expect(await pullImage(stock, "app", tagged("1"))).toBe(true);
    expect(await stock.store.objects.stat(tagCurrentLink(app, tagged("1")))).toBeDefined();
  });

  test("announcements of those who died are swept when their time is over", async () => {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    const removing = await stock.store.changes.removing("app", { keys: ["x"], waitMs: 0 });
    expect([removing !== undefined, engine.keys().some((key) => key.startsWith("notices/"))]).toEqual([true, true]);
    stock.wait(10 * 60_000);
    await collect(stock);
    expect(engine.keys().filter((key) => key.startsWith("notices/"))).toEqual([]);
  });

  test("only one node collects at a time", async () => {
    using bucket = stockedBucket();
    const { stock, other } = bucket;
    const held = await stock.store.garbage.collect({ note: "node 1" });
    await expect(collect(other)).rejects.toThrow("node 1");
    if (!("heldBy" in held)) await held[Symbol.asyncDispose]();
    expect((await collect(other)).summary.findings).toBe(0);
  });

  test("no blob, no link and no manifest that was read before costs a request", async () => {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    for (let image = 0; image < 5; image += 1) {
      await pushImage(stock, "app", { tag: `t${image}`, layers: [`layer ${image}`, `another ${image}`] });
    }
    stock.wait(graceMs);
    await collect(stock);
    engine.requests.length = 0;
    await collect(stock);
    const asked = engine.requests.map(({ method, key }) => `${method} ${key}`);
    expect(asked.filter((each) => each.includes("/blobs/") || each.endsWith("/link"))).toEqual([]);
    expect(await pullImage(stock, "app", tagged("t1"))).toBe(true);
  });
});
