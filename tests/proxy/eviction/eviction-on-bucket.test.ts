// Eviction on a bucket: as on a disk, but for the trash.
import { expect, test } from "bun:test";
import { hashBytes } from "../../../src/oci/hash.ts";
import { evict } from "../../../src/proxy/eviction/eviction.ts";
import { cacheManifest, linkCachedBlob } from "../../../src/registry/cached.ts";
import { blobKey, revisionLink } from "../../../src/registry/layout.ts";
import { stockedBucket } from "../../registry/on-bucket.ts";
import { pushImage, type Stock, utf8 } from "../../registry/stocked.ts";
import { manifestOf, named, referenceOf } from "../caching.ts";

const hourMs = 3_600_000;
const name = named("cached/one");
const upstream = "https://up.example/";
const latest = referenceOf("latest");

async function cacheImage({ store }: Stock, layer: string) {
  for (const text of ["config", layer]) {
    await store.objects.put(blobKey(hashBytes(utf8(text), "sha256")), utf8(text));
    await linkCachedBlob(store, name, { digest: hashBytes(utf8(text), "sha256"), upstream });
  }
  const bytes = utf8(manifestOf(utf8("config"), [utf8(layer)]));
  const digest = hashBytes(bytes, "sha256");
  await cacheManifest(store, name, { bytes, digest, tag: latest.kind === "tag" ? latest.tag : undefined, upstream });
  return digest;
}

test("evict() on a bucket takes what was not used, with its tag, and a later run frees it", async () => {
  using bucket = stockedBucket();
  const { stock, other, engine } = bucket;
  await pushImage(stock, "local", { tag: "1", layers: ["kept"] });
  const digest = await cacheImage(stock, "layer");
  const run = () =>
    evict(other.store, {
      ttlOf: (repository) => (repository.startsWith("cached/") ? 24 * hourMs : undefined),
      isKnownCached: () => false,
      maxBytes: undefined,
      graceMs: 60_000,
      note: "a test",
    });
  stock.wait(hourMs);
  expect(await run()).toEqual({ revisions: 0, layers: 0, freedBytes: 0 });
  stock.wait(25 * hourMs);
  expect(await run()).toMatchObject({ revisions: 1, layers: 2, freedBytes: 0 });
  expect(await stock.store.objects.stat(revisionLink(name, digest))).toBeUndefined();
  stock.wait(2 * 60_000);
  const { freedBytes } = await run();
  const left = engine.keys().filter((key) => key.includes("/blobs/"));
  // The configuration is also that of the local image.
  expect([freedBytes > "layer".length, left.length]).toEqual([true, 3]);
  expect(await stock.store.objects.stat(blobKey(hashBytes(utf8("kept"), "sha256")))).toBeDefined();
});

test("evict() that takes longer than it announced leaves the rest, and what was read in vain, for the next run", async () => {
  using bucket = stockedBucket();
  const { stock, engine } = bucket;
  await cacheImage(stock, "one");
  const run = () =>
    evict(stock.store, {
      ttlOf: () => 24 * hourMs,
      isKnownCached: () => false,
      maxBytes: undefined,
      graceMs: 60_000,
      note: "a test",
    });
  const slowly = async (isSlow: (key: string, query: URLSearchParams) => boolean) => {
    let hasStood = false;
    engine.fault = ({ key, query }) => {
      if (!hasStood && isSlow(key, query)) {
        hasStood = true;
        engine.nowMs += 20 * 60_000;
      }
      return undefined;
    };
    const outcome = await run();
    engine.fault = () => undefined;
    return [outcome, hasStood];
  };
  stock.wait(26 * hourMs);
  const isDeletion = (_key: string, query: URLSearchParams) => query.has("X-Amz-Expires");
  expect(await slowly(isDeletion)).toEqual([{ revisions: 0, layers: 0, freedBytes: 0 }, true]);
  expect(await run()).toMatchObject({ revisions: 1, layers: 2 });
  stock.wait(2 * 60_000);
  let isAnnounced = false;
  const isMarking = (key: string, query: URLSearchParams) => {
    isAnnounced ||= key.startsWith("notices/blobs/");
    return isAnnounced && query.get("prefix")?.includes("/repositories") === true;
  };
  expect(await slowly(isMarking)).toMatchObject([{ freedBytes: 0 }, true]);
  stock.wait(2 * 60_000);
  expect((await run()).freedBytes).toBeGreaterThan(0);
});
