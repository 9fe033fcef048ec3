import { describe, expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import { anonymous } from "../../src/registry/actor.ts";
import {
  adoptBlob,
  cacheManifest,
  confirmTag,
  linkCachedBlob,
  markCached,
  noteUse,
  readUpstream,
  refusePush,
  tagConfirmedMs,
} from "../../src/registry/cached.ts";
import { blobKey, layerLink, revisionLink, upstreamKey } from "../../src/registry/layout.ts";
import { openRegistry } from "../../src/registry/registry.ts";
import { manifestOf, named, referenceOf } from "../proxy/caching.ts";
import { openMemory } from "../storage/memory.ts";

const name = named("library/app");
const upstream = "https://registry.example/";

function start() {
  const clock = { ms: 1_000_000_000 };
  const now = () => clock.ms;
  const store = { ...openMemory(now), now, uuid: () => crypto.randomUUID() };
  return { clock, store, registry: openRegistry(store, { rules: { urls: "any", children: "all" } }) };
}

const bytes = new TextEncoder().encode(manifestOf(new Uint8Array([1]), [new Uint8Array([2])]));
const digest = hashBytes(bytes, "sha256");
const latest = referenceOf("latest");
const asTag = latest.kind === "tag" ? latest.tag : undefined;

describe("a cached repository", () => {
  test("carries the upstream's name, and a local one none", async () => {
    const { store } = start();
    await markCached(store, name, upstream);
    await markCached(store, name, upstream);
    expect([await readUpstream(store, name), await readUpstream(store, named("local"))]).toEqual([upstream, undefined]);
  });

  test("carries the time when the upstream was last asked, for a manifest and for a blob", async () => {
    const { clock, store } = start();
    const times: (number | undefined)[] = [];
    const calls = [
      () => cacheManifest(store, name, { bytes, digest, tag: undefined, upstream }),
      () => linkCachedBlob(store, name, { digest, upstream }),
    ];
    for (const call of calls) {
      clock.ms += 1000;
      await call();
      times.push((await store.objects.stat(upstreamKey(name)))?.changedMs);
    }
    expect(times).toEqual([clock.ms - 1000, clock.ms]);
  });

  test("takes a manifest before its blobs", async () => {
    const { store, registry } = start();
    await cacheManifest(store, name, { bytes, digest, tag: asTag, upstream });
    const found = await registry.repository(name, anonymous()).manifests.get(latest);
    expect([found.digest, await readUpstream(store, name)]).toEqual([digest, upstream]);
  });

  test("freshens the bytes of a blob that it adopts, so that a collector which has read the links leaves them", async () => {
    const { clock, store } = start();
    const blobDigest = hashBytes(new Uint8Array([2]), "sha256");
    await store.objects.put(blobKey(blobDigest), new Uint8Array([2]));
    clock.ms += 1000;
    await adoptBlob(store, name, { digest: blobDigest, upstream });
    expect((await store.objects.stat(blobKey(blobDigest)))?.changedMs).toBe(clock.ms);
  });

  test("lists the referrers that are cached", async () => {
    const { store, registry } = start();
    const subject = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest, size: bytes.length };
    const referrer = new TextEncoder().encode(manifestOf(new Uint8Array([3]), [], { subject }));
    const own = hashBytes(referrer, "sha256");
    await cacheManifest(store, name, { bytes: referrer, digest: own, tag: undefined, upstream });
    const { items } = await registry.repository(name, anonymous()).referrers.list({
      subject: digest,
      artifactType: undefined,
      after: undefined,
    });
    expect(items.map((item) => item.digest)).toEqual([own]);
  });

  test("serves a blob once it is linked, if its bytes are there", async () => {
    const { store, registry } = start();
    const blob = new Uint8Array([2]);
    const blobDigest = hashBytes(blob, "sha256");
    expect(await linkCachedBlob(store, name, { digest: blobDigest, upstream })).toBe(false);
    await store.objects.put(blobKey(blobDigest), blob);
    expect(await linkCachedBlob(store, name, { digest: blobDigest, upstream })).toBe(true);
    expect((await registry.repository(name, anonymous()).blobs.promise(blobDigest)).sizeBytes).toBe(1);
  });

  test("knows when a tag was confirmed", async () => {
    const { clock, store } = start();
    if (asTag === undefined) throw new Error("no tag");
    expect(await tagConfirmedMs(store, name, asTag)).toBeUndefined();
    await cacheManifest(store, name, { bytes, digest, tag: asTag, upstream });
    clock.ms += 5000;
    await confirmTag(store, name, asTag);
    expect(await tagConfirmedMs(store, name, asTag)).toBe(clock.ms);
  });

  test("notes uses on the links, at most once a minute", async () => {
    const { clock, store } = start();
    await cacheManifest(store, name, { bytes, digest, tag: undefined, upstream });
    const used = async () => (await store.objects.stat(revisionLink(name, digest)))?.changedMs;
    const storedMs = clock.ms;
    clock.ms += 30_000;
    await noteUse(store, name, { kind: "manifest", digest, stepMs: 60_000 });
    const soon = await used();
    clock.ms += 60_000;
    await noteUse(store, name, { kind: "manifest", digest, stepMs: 60_000 });
    await noteUse(store, name, { kind: "blob", digest, stepMs: 60_000 });
    expect([soon, await used(), await store.objects.stat(layerLink(name, digest))]).toEqual([
      storedMs,
      clock.ms,
      undefined,
    ]);
  });

  test("goes as a whole with its last manifest", async () => {
    const { store, registry } = start();
    await cacheManifest(store, name, { bytes, digest, tag: asTag, upstream });
    await registry.repository(name, anonymous()).manifests.delete(digest);
    expect([await readUpstream(store, name), await store.objects.list("docker/registry/v2/repositories")]).toEqual([
      undefined,
      [],
    ]);
  });
});

test("a push to it is refused with a sentence", () => {
  expect(() => refusePush(name, upstream)).toThrow(
    "library/app is a cache of https://registry.example/ and cannot be pushed to or deleted from; push to another name",
  );
});
