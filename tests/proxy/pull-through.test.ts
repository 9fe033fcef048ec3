import { describe, expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { cacheOf, manifestOf, named, referenceOf, refusalOf } from "./caching.ts";
import { digestOf, startUpstream } from "./misbehaving-upstream.ts";

const own = named("local/app");
const cached = named("team/app");
const content = new TextEncoder().encode("content");
const digest = hashBytes(content, "sha256");
const chunk = {
  body: async function* () {
    yield content.slice();
  },
  range: undefined,
};

describe("a registry with caches", () => {
  test("takes pushes to local repositories, and asks no upstream about them", async () => {
    await using upstream = await startUpstream();
    const { cache } = await cacheOf(upstream);
    const { uploads } = cache.repository(own, anonymous());
    await uploads.commit(await uploads.start("sha256"), chunk, digest);
    const bytes = new TextEncoder().encode(manifestOf(content));
    const latest = referenceOf("latest");
    const tags = latest.kind === "tag" ? [latest.tag] : [];
    await cache.repository(own, anonymous()).manifests.put({ bytes, contentType: undefined, digest: undefined, tags });
    expect((await cache.repository(own, anonymous()).manifests.promise(latest)).digest).toBe(digestOf(bytes));
    expect((await cache.repository(own, anonymous()).tags.list({ limit: 9, after: undefined })).items).toEqual(tags);
    expect((await cache.repository(own, anonymous()).blobs.promise(digest)).sizeBytes).toBe(content.length);
    expect(await refusalOf(cache.repository(own, anonymous()).blobs.open(digestOf("none")))).toBe("BLOB_UNKNOWN");
    const request = { subject: digest, artifactType: undefined, after: undefined };
    expect((await cache.repository(own, anonymous()).referrers.list(request)).items).toEqual([]);
    expect([upstream.requests, cache.isCached(own), cache.isCached(cached)]).toEqual([[], false, true]);
  });

  test("refuses every write to a cached repository, and asks no upstream about it", async () => {
    await using upstream = await startUpstream();
    const { cache } = await cacheOf(upstream);
    const { blobs, manifests, tags, uploads, deletions } = cache.repository(cached, anonymous());
    const id = "00000000-0000-4000-8000-000000000000";
    const put = { bytes: content, contentType: undefined, digest: undefined, tags: [] };
    const refusals = await Promise.all(
      [
        blobs.mount({ digest, from: undefined }),
        blobs.delete(digest),
        manifests.put(put),
        manifests.delete(digest),
        tags.delete("latest" as never),
        deletions.plan({ selection: { tags: [], digests: [], isEverything: true } }),
        deletions.carryOut({ order: { tags: [], manifests: [digest] } }),
        uploads.start("sha256"),
        uploads.size(id),
        uploads.append(id, chunk),
        uploads.commit(id, chunk, digest),
        uploads.cancel(id),
      ].map((write: Promise<unknown>) => refusalOf(write)),
    );
    expect([new Set(refusals), upstream.requests]).toEqual([new Set(["UNSUPPORTED"]), []]);
  });

  test("mounts what it has cached into a local repository", async () => {
    await using upstream = await startUpstream();
    upstream.addBlob(content);
    const { cache } = await cacheOf(upstream);
    await cache.repository(cached, anonymous()).blobs.open(digest);
    expect(await cache.repository(own, anonymous()).blobs.mount({ digest, from: cached })).toMatchObject({
      isNew: true,
    });
    expect((await cache.repository(own, anonymous()).blobs.promise(digest)).sizeBytes).toBe(content.length);
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
