import { describe, expect, test } from "bun:test";
import type { Digest } from "../../../src/oci/digest.ts";
import { hashBytes } from "../../../src/oci/hash.ts";
import type { RepositoryName } from "../../../src/oci/name.ts";
import { type EvictionOptions, evict } from "../../../src/proxy/eviction/eviction.ts";
import { readPending, writePending } from "../../../src/proxy/eviction/unlink.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { followArrival, openArrival } from "../../../src/registry/arrival.ts";
import { cacheManifest, linkCachedBlob, noteUse } from "../../../src/registry/cached.ts";
import { blobKey, layerLink } from "../../../src/registry/layout.ts";
import { openRegistry } from "../../../src/registry/registry.ts";
import { answering } from "../../storage/intercepted.ts";
import { openMemory } from "../../storage/memory.ts";
import { manifestOf, named, referenceOf, refusalOf } from "../caching.ts";

const hourMs = 3_600_000;
const latest = referenceOf("latest");
const [one, two, own] = [named("cached/one"), named("cached/two"), named("local/app")];

function start(changes: Partial<EvictionOptions> = {}) {
  const clock = { ms: 1_000_000_000 };
  const now = () => clock.ms;
  const store = { ...openMemory(now), now, uuid: () => crypto.randomUUID() };
  const registry = openRegistry(store, { rules: { urls: "any", children: "all" } });
  const options: EvictionOptions = {
    ttlOf: (name) => (name.startsWith("cached/") ? 24 * hourMs : undefined),
    isKnownCached: () => false,
    maxBytes: undefined,
    graceMs: 60_000,
    note: "a test",
    ...changes,
  };
  const isThere = async (digest: Digest) => (await store.objects.stat(blobKey(digest))) !== undefined;
  const putBlob = async (name: RepositoryName, bytes: Uint8Array) => {
    const digest = hashBytes(bytes, "sha256");
    await store.objects.put(blobKey(digest), bytes);
    if (name.startsWith("cached/")) await linkCachedBlob(store, name, { digest, upstream: "https://up.example/" });
    else await store.objects.put(layerLink(name, digest), new TextEncoder().encode(digest));
    return digest;
  };
  const cacheImage = async (name: RepositoryName, blobs: readonly Uint8Array[]) => {
    for (const blob of blobs) await putBlob(name, blob);
    const [config = new Uint8Array(), ...layers] = blobs;
    const bytes = new TextEncoder().encode(manifestOf(config, layers));
    const digest = hashBytes(bytes, "sha256");
    const tag = latest.kind === "tag" ? latest.tag : undefined;
    await cacheManifest(store, name, { bytes, digest, tag, upstream: "https://up.example/" });
    return digest;
  };
  return {
    clock,
    store,
    registry,
    isThere,
    putBlob,
    cacheImage,
    run: (driver = store) => evict({ ...store, ...driver }, options),
  };
}

const blob = (seed: number, sizeBytes = 100) => new Uint8Array(sizeBytes).fill(seed);

describe("evict()", () => {
  test("takes what was not used, with its tag, and frees it one grace later", async () => {
    const { clock, store, registry, isThere, cacheImage, run } = start();
    const digest = await cacheImage(one, [blob(1), blob(2)]);
    const layer = hashBytes(blob(2), "sha256");
    clock.ms += 23 * hourMs;
    const early = await run();
    clock.ms += 2 * hourMs;
    const late = await run();
    expect([early, late]).toEqual([
      { revisions: 0, layers: 0, freedBytes: 0 },
      { revisions: 1, layers: 2, freedBytes: 0 },
    ]);
    expect(await refusalOf(registry.repository(one, anonymous()).manifests.get(latest))).toBe("MANIFEST_UNKNOWN");
    expect((await registry.list({ limit: 9, after: undefined })).items).toEqual([]);
    expect([await isThere(layer), await isThere(digest), (await store.trash.list("blobs")).length]).toEqual([
      false,
      false,
      3,
    ]);
    clock.ms += 61_000;
    const { freedBytes } = await run();
    expect([freedBytes > 200, await store.trash.list("blobs")]).toEqual([true, []]);
  });

  test("leaves what was used", async () => {
    const { clock, store, cacheImage, run } = start();
    const digest = await cacheImage(one, [blob(1)]);
    clock.ms += 23 * hourMs;
    await noteUse(store, one, { kind: "manifest", digest, stepMs: 60_000 });
    clock.ms += 2 * hourMs;
    expect(await run()).toEqual({ revisions: 0, layers: 0, freedBytes: 0 });
  });

  test("leaves a blob while one user lives, also a local one", async () => {
    const { clock, store, registry, isThere, putBlob, cacheImage, run } = start();
    await cacheImage(one, [blob(1), blob(2)]);
    clock.ms += 20 * hourMs;
    await cacheImage(two, [blob(3), blob(2)]);
    await putBlob(own, blob(1));
    clock.ms += 10 * hourMs;
    expect(await run()).toEqual({ revisions: 1, layers: 2, freedBytes: 0 });
    clock.ms += hourMs;
    await run();
    const shared = [hashBytes(blob(1), "sha256"), hashBytes(blob(2), "sha256")];
    expect(await Promise.all(shared.map(isThere))).toEqual([true, true]);
    expect((await registry.repository(own, anonymous()).blobs.promise(hashBytes(blob(1), "sha256"))).sizeBytes).toBe(
      100,
    );
    expect(await readPending(store)).toEqual([]);
  });

  test("keeps to the size, least recently used first", async () => {
    const { clock, registry, cacheImage, run } = start({ maxBytes: 3000 });
    await cacheImage(one, [blob(1, 1500)]);
    clock.ms += hourMs;
    await cacheImage(two, [blob(2, 1500)]);
    clock.ms += hourMs;
    expect(await run()).toMatchObject({ revisions: 1, layers: 1 });
    expect(await refusalOf(registry.repository(one, anonymous()).manifests.get(latest))).toBe("MANIFEST_UNKNOWN");
    expect(await refusalOf(registry.repository(two, anonymous()).manifests.get(latest))).toBe("none");
  });

  test("never touches local repositories, nor what somebody pushed under a cached name", async () => {
    const { clock, store, registry, putBlob, run } = start();
    const pushed = named("cached/pushed");
    for (const name of [own, pushed]) {
      await putBlob(own, blob(7));
      await store.objects.put(
        layerLink(name, hashBytes(blob(7), "sha256")),
        new TextEncoder().encode(hashBytes(blob(7), "sha256")),
      );
      const bytes = new TextEncoder().encode(manifestOf(blob(7)));
      const tags = latest.kind === "tag" ? [latest.tag] : [];
      await registry
        .repository(name, anonymous())
        .manifests.put({ bytes, contentType: undefined, digest: undefined, tags });
    }
    clock.ms += 1000 * hourMs;
    expect(await run()).toEqual({ revisions: 0, layers: 0, freedBytes: 0 });
    for (const name of [own, pushed])
      expect(await refusalOf(registry.repository(name, anonymous()).manifests.get(latest))).toBe("none");
    expect(await store.trash.list("blobs")).toEqual([]);
  });

  test("takes what registry:2 has cached, which has no marker", async () => {
    const { clock, registry, putBlob, run } = start({ isKnownCached: (name) => name === one });
    await putBlob(one, blob(7));
    const bytes = new TextEncoder().encode(manifestOf(blob(7)));
    await registry
      .repository(one, anonymous())
      .manifests.put({ bytes, contentType: undefined, digest: undefined, tags: [] });
    clock.ms += 25 * hourMs;
    expect(await run()).toMatchObject({ revisions: 1, layers: 1 });
  });

  test("resumes after a kill between the links and the blobs", async () => {
    const { clock, store, isThere, putBlob, run } = start();
    const digest = await putBlob(own, blob(1));
    const linked = await putBlob(two, blob(2));
    await store.objects.delete(`docker/registry/v2/repositories/${own}/_layers/sha256/${digest.slice(7)}/link`);
    await writePending(store, [digest, linked]);
    clock.ms += 2 * hourMs;
    await run();
    expect([await isThere(digest), await isThere(linked), await readPending(store)]).toEqual([false, true, []]);
  });

  test("remembers what was too young to go", async () => {
    const { store, isThere, putBlob, run, clock } = start();
    const digest = await putBlob(own, blob(1));
    await store.objects.delete(`docker/registry/v2/repositories/${own}/_layers/sha256/${digest.slice(7)}/link`);
    await writePending(store, [digest]);
    await run();
    const early = [await isThere(digest), await readPending(store)];
    clock.ms += 61_000;
    await run();
    expect([early, await isThere(digest), await readPending(store)]).toEqual([[true, [digest]], false, []]);
  });

  test("leaves the trash of other collections alone", async () => {
    const { clock, store, run } = start();
    await store.objects.put("docker/registry/v2/blobs/x", blob(1));
    const entry = `blobs/sha256/aa/${"aa".repeat(32)}.run-1`;
    await store.trash.discard("docker/registry/v2/blobs/x", entry);
    clock.ms += 5 * hourMs;
    await run();
    expect(await store.trash.list("blobs")).toEqual([entry]);
  });

  test("is done by one at a time", async () => {
    const { clock, store, cacheImage, run } = start();
    await cacheImage(one, [blob(1)]);
    clock.ms += 25 * hourMs;
    const hold = await store.locks.hold("proxy", "another");
    expect(await run()).toEqual({ revisions: 0, layers: 0, freedBytes: 0 });
    if (!("heldBy" in hold)) hold[Symbol.dispose]();
    expect(await run()).toMatchObject({ revisions: 1 });
  });
});

test.each([
  ["a day where there is room", { freeBytes: 1e12, totalBytes: 1e12 }, [1, 1, 0]],
  ["a grace where the disk is nearly full", { freeBytes: 1e6, totalBytes: 1e12 }, [1, 0, 0]],
])("what is left of a transfer that broke off stays for %s", async (_how, space, want) => {
  const { clock, store, run } = start();
  const near = { ...store, ...answering(store, { directory: { space: async () => space } }) };
  const origin = { digest: hashBytes(blob(1), "sha256"), upstream: "https://up.example/" };
  const arrival = await openArrival(store, origin);
  if (arrival === "busy") throw new Error("busy");
  await arrival.append([blob(1)]);
  arrival[Symbol.dispose]();
  const seen: number[] = [];
  for (const ms of [30_000, 60_000, 24 * hourMs]) {
    clock.ms += ms;
    await run(near);
    seen.push((await followArrival(store, origin)) === undefined ? 0 : 1);
  }
  expect(seen).toEqual(want);
});
