import { expect, test } from "bun:test";
import { hashBytes } from "../../../src/oci/hash.ts";
import { evictCached, isAdopted, readPending, writePending } from "../../../src/proxy/eviction/unlink.ts";
import { cacheManifest, linkCachedBlob, noteUse } from "../../../src/registry/cached.ts";
import { blobKey, layerLink, revisionLink } from "../../../src/registry/layout.ts";
import { openMemory } from "../../storage/memory.ts";
import { manifestOf, named } from "../caching.ts";

const name = named("cached/app");
const layer = new Uint8Array([1, 2, 3]);
const digest = hashBytes(layer, "sha256");

async function start() {
  const clock = { ms: 1_000_000_000 };
  const now = () => clock.ms;
  const store = { ...openMemory(now), now, uuid: () => crypto.randomUUID() };
  await store.objects.put(blobKey(digest), layer);
  await linkCachedBlob(store, name, { digest, upstream: "https://up.example/" });
  const bytes = new TextEncoder().encode(manifestOf(layer));
  const manifest = hashBytes(bytes, "sha256");
  await cacheManifest(store, name, { bytes, digest: manifest, tag: undefined, upstream: "https://up.example/" });
  const judged = new Map([
    [digest, clock.ms],
    [manifest, clock.ms],
  ]);
  const isLinked = async () => [
    (await store.objects.stat(revisionLink(name, manifest))) !== undefined,
    (await store.objects.stat(layerLink(name, digest))) !== undefined,
  ];
  return { clock, store, manifest, judged, isLinked };
}

test("evictCached() unlinks what was judged", async () => {
  const { store, manifest, judged, isLinked } = await start();
  const eviction = { name, revisions: [manifest], layers: [digest], judged };
  expect([await evictCached(store, eviction), await isLinked()]).toEqual([{ revisions: 1, layers: 1 }, [false, false]]);
});

test("evictCached() leaves a manifest that was used since, with what it names", async () => {
  const { clock, store, manifest, judged, isLinked } = await start();
  clock.ms += 120_000;
  await noteUse(store, name, { kind: "manifest", digest: manifest, stepMs: 60_000 });
  const eviction = { name, revisions: [manifest], layers: [digest], judged };
  expect([await evictCached(store, eviction), await isLinked()]).toEqual([{ revisions: 0, layers: 0 }, [true, true]]);
});

test("evictCached() takes what a manifest named whose bytes are gone", async () => {
  const { clock, store, manifest, judged, isLinked } = await start();
  clock.ms += 120_000;
  await noteUse(store, name, { kind: "manifest", digest: manifest, stepMs: 60_000 });
  await store.objects.delete(blobKey(manifest));
  const eviction = { name, revisions: [manifest], layers: [digest], judged };
  expect([await evictCached(store, eviction), await isLinked()]).toEqual([{ revisions: 0, layers: 1 }, [true, false]]);
});

test("evictCached() leaves a repository that is busy", async () => {
  const { store, manifest, judged, isLinked } = await start();
  using _lock = await store.locks.take(name, "shared", { waitMs: 0 });
  await evictCached(store, { name, revisions: [manifest], layers: [digest], judged });
  expect(await isLinked()).toEqual([true, true]);
});

test("what is pending survives, and nothing pending leaves nothing", async () => {
  const { store } = await start();
  await writePending(store, [digest]);
  const pending = await readPending(store);
  await writePending(store, []);
  await writePending(store, []);
  expect([pending, await readPending(store)]).toEqual([[digest], []]);
});

test("isAdopted() goes by the marker, or by what is known otherwise", async () => {
  const { store } = await start();
  const other = named("cached/other");
  const answers = [
    await isAdopted(store, name, () => false),
    await isAdopted(store, other, () => false),
    await isAdopted(store, other, () => true),
  ];
  expect(answers).toEqual([true, false, true]);
});
