import { describe, expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import { cacheOf, manifestOf, named, referenceOf, refusalOf } from "./caching.ts";
import { digestOf, startUpstream } from "./misbehaving-upstream.ts";

const own = named("local/app");
const cached = named("team/app");
const content = new TextEncoder().encode("content");
const digest = hashBytes(content, "sha256");
const chunk = {
  body: async function* () {
    yield content;
  },
  range: undefined,
};

describe("a registry with caches", () => {
  test("takes pushes to local repositories, and asks no upstream about them", async () => {
    await using upstream = await startUpstream();
    const { cache } = await cacheOf(upstream);
    await cache.uploads.commit(await cache.uploads.start(own, "sha256"), chunk, digest);
    const bytes = new TextEncoder().encode(manifestOf(content));
    const latest = referenceOf("latest");
    const tags = latest.kind === "tag" ? [latest.tag] : [];
    await cache.manifests.put(own, { bytes, contentType: undefined, digest: undefined, tags });
    expect((await cache.manifests.promise(own, latest)).digest).toBe(digestOf(bytes));
    expect((await cache.tags.list(own, { limit: 9, after: undefined })).items).toEqual(tags);
    expect((await cache.blobs.promise(own, digest)).sizeBytes).toBe(content.length);
    expect(await refusalOf(cache.blobs.open(own, digestOf("none")))).toBe("BLOB_UNKNOWN");
    const request = { subject: digest, artifactType: undefined, after: undefined };
    expect((await cache.referrers.list(own, request)).items).toEqual([]);
    expect([upstream.requests, cache.isCached(own), cache.isCached(cached)]).toEqual([[], false, true]);
  });

  test("mounts what it has cached into a local repository", async () => {
    await using upstream = await startUpstream();
    upstream.addBlob(content);
    const { cache } = await cacheOf(upstream);
    await cache.blobs.open(cached, digest);
    expect(await cache.blobs.mount(own, { digest, from: cached })).toBe(true);
    expect((await cache.blobs.promise(own, digest)).sizeBytes).toBe(content.length);
  });

  test("finds repositories by ns", async () => {
    await using upstream = await startUpstream();
    const { cache } = await cacheOf(upstream);
    expect([cache.findNamespaced(upstream.host, cached), cache.findNamespaced("quay.io", cached)]).toEqual([
      cached,
      undefined,
    ]);
  });
});
