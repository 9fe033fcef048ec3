// Checks on a bucket: what is damaged is marked, and what is missing is told, without locks and without a trash.
import { describe, expect, test } from "bun:test";
import { anonymous } from "../../../src/registry/actor.ts";
import { blobKey, layerLink, revisionLink, tagCurrentLink } from "../../../src/registry/layout.ts";
import { collect, graceMs } from "../gc/collected.ts";
import { stockedBucket } from "../on-bucket.ts";
import { digestOf, named, pullImage, pushBlob, pushImage, pushIndex, type Stock, tagged, utf8 } from "../stocked.ts";
import { verify } from "./verified.ts";

const app = named("app");

/** An image under a tag, in an index, with a signature; and a tag that was deleted. */
async function sound(stock: Stock) {
  const image = await pushImage(stock, "app", { tag: "1" });
  await pushIndex(stock, "app", { tag: "multi", children: [image] });
  await pushImage(stock, "app", { layers: ["signature"], subject: image });
  await pushImage(stock, "app", { tag: "gone" });
  await stock.registry.repository(app, anonymous()).tags.delete(tagged("gone"));
  return image;
}

describe("a check of a bucket", () => {
  test("finds nothing where nothing is wrong, before and after a collection", async () => {
    using bucket = stockedBucket();
    await sound(bucket.stock);
    expect(await verify(bucket.other)).toMatchObject({ findings: [], summary: { blobs: 6, lost: 0 } });
    bucket.stock.wait(graceMs);
    await collect(bucket.stock);
    expect(await verify(bucket.other)).toMatchObject({ findings: [], summary: { blobs: 6, lost: 0 } });
  });

  test("reads no link whose listing tells what it holds", async () => {
    using bucket = stockedBucket();
    await sound(bucket.stock);
    bucket.engine.requests.length = 0;
    await verify(bucket.other);
    const read = bucket.engine.requests.filter(({ method, key }) => method === "GET" && key.includes("/_layers/"));
    expect(read.map(({ key }) => key)).toEqual([]);
  });

  test("looks for no blob, and reads no tag, that a listing has shown", async () => {
    using bucket = stockedBucket();
    const { stock, other, engine } = bucket;
    await sound(stock);
    engine.requests.length = 0;
    const { summary } = await verify(other);
    const looks = engine.requests.filter(({ method }) => method === "HEAD").map(({ key }) => key);
    const tags = engine.requests.filter(({ key }) => key.includes("/tags/")).map(({ key }) => key);
    // Each blob when it is read, and after that; none for its links.
    expect([looks.filter((key) => !key.endsWith("/data")), looks.length, tags]).toEqual([[], 2 * summary.blobs, []]);
  });

  test.each([false, true])(
    "marks damaged bytes, which then count as missing for every node, until a push (repairing: %p)",
    async (isRepairing) => {
      using bucket = stockedBucket();
      const { stock, other } = bucket;
      await sound(stock);
      await stock.store.objects.put(blobKey(digestOf("layer")), utf8("x".repeat(5)));
      const { summary, findings } = await verify(stock, { isRepairing });
      expect([summary.lost, summary.quarantined, findings.map(([severity]) => severity)]).toEqual([
        1,
        isRepairing ? 1 : 0,
        ["lost"],
      ]);
      stock.wait(10_000);
      await expect(other.registry.repository(app, anonymous()).blobs.open(digestOf("layer"))).rejects.toMatchObject({
        code: "BLOB_UNKNOWN",
      });
      await pushBlob(other, "app", "layer");
      stock.wait(10_000);
      expect([await pullImage(stock, "app", tagged("1")), (await verify(stock)).findings]).toEqual([true, []]);
    },
  );

  test("finds what is not linked, and links it again", async () => {
    using bucket = stockedBucket();
    const { stock } = bucket;
    await sound(stock);
    await stock.store.objects.delete(layerLink(app, digestOf("layer")));
    expect((await verify(stock)).summary).toMatchObject({ repairable: 1, repaired: 0 });
    const { repaired, failures } = await verify(stock, { isRepairing: true });
    expect([new Set(repaired), failures]).toEqual([new Set(["linked"]), []]);
    expect([await pullImage(stock, "app", tagged("1")), (await verify(stock)).findings]).toEqual([true, []]);
  });

  test("tells what is lost", async () => {
    using bucket = stockedBucket();
    const { stock } = bucket;
    const image = await sound(stock);
    await stock.store.objects.delete(blobKey(digestOf("config")));
    expect((await verify(stock)).summary.lost).toBeGreaterThan(0);
    expect(await stock.store.objects.stat(revisionLink(app, image))).toBeDefined();
  });

  test("what a push is in the middle of is no finding", async () => {
    using bucket = stockedBucket();
    const { stock, engine } = bucket;
    await sound(stock);
    let pushing: Promise<unknown> | undefined;
    // Between the manifest's revision and its tag.
    engine.fault = ({ method, key }) => {
      if (pushing === undefined && method === "PUT" && key === tagCurrentLink(app, tagged("late")))
        pushing = verify(bucket.other);
      return undefined;
    };
    await pushImage(stock, "app", { tag: "late", layers: ["late"] });
    expect(await pushing).toMatchObject({ findings: [] });
  });
});
