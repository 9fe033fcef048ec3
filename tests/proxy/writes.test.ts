import { expect, test } from "bun:test";
import { cacheOf, named, refusalOf } from "./caching.ts";
import { digestOf, startUpstream } from "./misbehaving-upstream.ts";

const name = named("team/app");
const target = { name, id: "00000000-0000-4000-8000-000000000000" };
const chunk = { body: async function* () {}, range: undefined };
const digest = digestOf("x");

test("every write to a cached repository is refused", async () => {
  await using upstream = await startUpstream();
  const { cache } = await cacheOf(upstream);
  const put = { bytes: new Uint8Array(), contentType: undefined, digest: undefined, tags: [] };
  const writes: Readonly<Record<string, Promise<unknown>>> = {
    mount: cache.blobs.mount(name, { digest, from: undefined }),
    deleteBlob: cache.blobs.delete(name, digest),
    putManifest: cache.manifests.put(name, put),
    deleteManifest: cache.manifests.delete(name, digest),
    deleteTag: cache.tags.delete(name, "latest" as never),
    start: cache.uploads.start(name, "sha256"),
    size: cache.uploads.size(target),
    append: cache.uploads.append(target, chunk),
    commit: cache.uploads.commit(target, chunk, digest),
    cancel: cache.uploads.cancel(target),
  };
  const refusals = await Promise.all(Object.values(writes).map(refusalOf));
  expect([new Set(refusals), upstream.requests]).toEqual([new Set(["UNSUPPORTED"]), []]);
});
