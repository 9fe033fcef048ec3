import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { anonymous } from "../../src/registry/actor.ts";
import { blobKey } from "../../src/registry/layout.ts";
import type { Space } from "../../src/storage/ports.ts";
import { answering } from "../storage/intercepted.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import {
  bytesOf,
  type CacheStore,
  cacheOf,
  cacheOn,
  manifestOf,
  named,
  placesOf,
  referenceOf,
  refusalOf,
} from "./caching.ts";
import { type Behaviour, behaviours, digestOf, startUpstream } from "./misbehaving-upstream.ts";

const [one, two] = [named("team/one"), named("team/two")];
const large = new Uint8Array(randomBytes(500_000));

/** A store with so much room, whose transfers can be made to fail after so many bytes. */
function withDisk(
  store: CacheStore,
  { space, failAfter, failCommit }: { space?: Space; failAfter?: number; failCommit?: () => Promise<never> },
): CacheStore {
  const { transfers } = store;
  const open = async (key: string) => {
    const transfer = await transfers.open(key);
    if (transfer !== "busy" && failCommit !== undefined) transfer.commit = failCommit;
    if (transfer === "busy" || failAfter === undefined) return transfer;
    const append = transfer.append.bind(transfer);
    transfer.append = async (pieces) => {
      const sizeBytes = transfer.sizeBytes + pieces.reduce((sum, piece) => sum + piece.length, 0);
      if (sizeBytes > failAfter) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
      await append(pieces);
    };
    return transfer;
  };
  const directory = space === undefined ? {} : { space: async () => space };
  return { ...store, ...answering(store, { transfers: { open }, directory }) };
}

describe("a blob that another repository has cached", () => {
  test("is served once its own upstream says that it has it, without a second transfer", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const { cache } = await cacheOf(upstream);
    await bytesOf(await cache.repository(one, anonymous()).blobs.open(digest));
    upstream.requests.length = 0;
    const blob = await cache.repository(two, anonymous()).blobs.open(digest);
    expect(["content" in blob, upstream.asked()]).toEqual([true, [`HEAD /v2/team/two/blobs/${digest}`]]);
  });

  test("is not served where its own upstream does not have it", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const { cache } = await cacheOf(upstream);
    await bytesOf(await cache.repository(one, anonymous()).blobs.open(digest));
    upstream.behave((request, response) =>
      (request.url ?? "").startsWith("/v2/team/two/") ? behaviours.status(404)(request, response) : false,
    );
    expect(await refusalOf(cache.repository(two, anonymous()).blobs.open(digest))).toBe("BLOB_UNKNOWN");
    upstream.behave(behaviours.status(503));
    expect(await refusalOf(cache.repository(two, anonymous()).blobs.open(digest))).toBe("UPSTREAM_UNAVAILABLE");
  });

  test("is served while upstream is down, where a cached manifest of the repository names it", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    upstream.addManifest(two, "latest", manifestOf(large));
    const { cache } = await cacheOf(upstream);
    await bytesOf(await cache.repository(one, anonymous()).blobs.open(digest));
    await cache.repository(two, anonymous()).manifests.get(referenceOf("latest"));
    upstream.behave(behaviours.status(503));
    expect("content" in (await cache.repository(two, anonymous()).blobs.open(digest))).toBe(true);
  });

  test("cannot be had by joining its transfer without its own upstream's word", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const { cache } = await cacheOf(upstream);
    upstream.behave((request, response) =>
      (request.url ?? "").startsWith("/v2/team/two/") ? behaviours.status(404)(request, response) : false,
    );
    const opening = cache.repository(one, anonymous()).blobs.open(digest);
    expect(await refusalOf(cache.repository(two, anonymous()).blobs.open(digest))).toBe("BLOB_UNKNOWN");
    expect(digestOf(await bytesOf(await opening))).toBe(digest);
  });

  test("cannot be had by following the process that fetches it, nor once that has stored it", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const { store } = await cacheOf(upstream);
    const [first, second] = [cacheOn(store, upstream), cacheOn(store, upstream)];
    const gate = Promise.withResolvers<void>();
    upstream.behave(async (request, response) => {
      if ((request.url ?? "").startsWith("/v2/team/two/")) return await behaviours.status(404)(request, response);
      await gate.promise;
      return false;
    });
    const opening = first.cache.repository(one, anonymous()).blobs.open(digest);
    while (upstream.requests.length === 0) await new Promise(setImmediate);
    expect(await refusalOf(second.cache.repository(two, anonymous()).blobs.open(digest))).toBe("BLOB_UNKNOWN");
    gate.resolve();
    expect(digestOf(await bytesOf(await opening))).toBe(digest);
    expect(await refusalOf(second.cache.repository(two, anonymous()).blobs.open(digest))).toBe("BLOB_UNKNOWN");
  });
});

describe("where the disk", () => {
  test("is nearly full, blobs are served and not cached", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const space = { freeBytes: 1000, totalBytes: 1e9 };
    const caching = await cacheOf(upstream, { wrapStore: (store) => withDisk(store, { space }) });
    const blob = await caching.cache.repository(one, anonymous()).blobs.open(digest);
    expect([digestOf(await bytesOf(blob)), "sizeBytes" in blob && blob.sizeBytes]).toEqual([digest, large.length]);
    expect(await placesOf(caching, digest)).toEqual({ isStored: false, isLeft: false });
    upstream.behave(behaviours.wrongBlob(new Uint8Array(large.length)));
    expect(await refusalOf(caching.cache.repository(one, anonymous()).blobs.open(digest).then(bytesOf))).toBe(
      "UPSTREAM_INVALID",
    );
  });

  test.each([0, 1, 1_500_000])("fails after %p bytes, all readers get everything", async (failAfter) => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(new Uint8Array(randomBytes(3_000_000)));
    const caching = await cacheOf(upstream, { wrapStore: (store) => withDisk(store, { failAfter }) });
    const opening = Array.from({ length: 3 }, () => caching.cache.repository(one, anonymous()).blobs.open(digest));
    const blobs = await Promise.all((await Promise.all(opening)).map(bytesOf));
    expect(blobs.map(digestOf)).toEqual([digest, digest, digest]);
    expect(await placesOf(caching, digest)).toEqual({ isStored: false, isLeft: false });
    expect(caching.events.some(({ kind }) => kind === "uncached")).toBe(true);
  });
});

test("a disk that fails at the very end costs no reader anything", async () => {
  using directory = temporaryDirectory();
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(large);
  const failing = Promise.withResolvers<void>();
  const failCommit = async () => {
    failing.resolve();
    throw Object.assign(new Error("no space"), { code: "ENOSPC" });
  };
  const caching = await cacheOf(upstream, {
    root: directory.path,
    wrapStore: (store) => withDisk(store, { failCommit }),
  });
  const blob = await caching.cache.repository(one, anonymous()).blobs.open(digest);
  if ("content" in blob) throw new Error("it is there already");
  const chunks = blob.read()[Symbol.asyncIterator]();
  const got = [(await chunks.next()).value ?? new Uint8Array()];
  await failing.promise;
  while ((await placesOf(caching, digest)).isLeft) await new Promise(setImmediate);
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) got.push(next.value);
  expect([digestOf(Buffer.concat(got)), digestOf(await bytesOf(blob))]).toEqual([digest, digest]);
  expect(await placesOf(caching, digest)).toEqual({ isStored: false, isLeft: false });
});

describe("a blob that is found too large while it comes", () => {
  const bytes = new Uint8Array(randomBytes(3_000_000));
  const withoutLength: Behaviour = ({ method, headers }, response) => {
    if (method !== "GET" || headers.range !== undefined) return false;
    response.write(bytes);
    response.end();
    return true;
  };

  test.each([
    ["of an announced length", undefined],
    ["without a length", withoutLength],
  ])("%s is not kept, and reaches its readers wherever they are", async (_length, behaviour) => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(bytes);
    upstream.behave(behaviour);
    const caching = await cacheOf(upstream, { root: directory.path, cache: { maxBytes: 2_000_000 } });
    const [slow, fast] = await Promise.all(
      [1, 2].map(() => caching.cache.repository(one, anonymous()).blobs.open(digest)),
    );
    if (slow === undefined || fast === undefined || "content" in slow) throw new Error("it is there already");
    const chunks = slow.read()[Symbol.asyncIterator]();
    const begun = [(await chunks.next()).value ?? new Uint8Array()];
    expect(digestOf(await bytesOf(fast))).toBe(digest);
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) begun.push(next.value);
    expect(digestOf(Buffer.concat(begun))).toBe(digest);
    expect(await placesOf(caching, digest)).toEqual({ isStored: false, isLeft: false });
    expect(caching.events.flatMap((event) => (event.kind === "uncached" ? [event.reason] : []))).toEqual([
      "it is larger than the cache may become",
    ]);
  });
});

test("a blob that is larger than the cache may become is not cached", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(large);
  upstream.addManifest(one, "latest", manifestOf(large));
  const caching = await cacheOf(upstream, { cache: { maxBytes: 100_000 } });
  await caching.cache.repository(one, anonymous()).manifests.get(referenceOf("latest"));
  expect(digestOf(await bytesOf(await caching.cache.repository(one, anonymous()).blobs.open(digest)))).toBe(digest);
  expect(await placesOf(caching, digest)).toEqual({ isStored: false, isLeft: false });
});

test.each([1000, large.length])("hits, misses and bytes of a blob of %p bytes are told", async (sizeBytes) => {
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(large.subarray(0, sizeBytes));
  const { cache, events } = await cacheOf(upstream);
  await bytesOf(await cache.repository(one, anonymous()).blobs.open(digest));
  await bytesOf(await cache.repository(one, anonymous()).blobs.open(digest));
  const told = events.flatMap((event): unknown[] =>
    event.kind === "pull" ? [event.isHit] : event.kind === "received" || event.kind === "sent" ? [event] : [],
  );
  expect(told).toEqual([
    false,
    { kind: "received", type: "blob", sizeBytes },
    { kind: "sent", type: "blob", sizeBytes },
    true,
    { kind: "sent", type: "blob", sizeBytes },
  ]);
});

test("a cached blob that was cut off by a crash is fetched again", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(large);
  upstream.addManifest(one, "latest", manifestOf(large));
  const { cache, store, local } = await cacheOf(upstream);
  await cache.repository(one, anonymous()).manifests.get(referenceOf("latest"));
  await bytesOf(await cache.repository(one, anonymous()).blobs.open(digest));
  await store.objects.put(blobKey(digest), large.subarray(0, 1000));
  expect(digestOf(await bytesOf(await cache.repository(one, anonymous()).blobs.open(digest)))).toBe(digest);
  expect((await local.repository(one, anonymous()).blobs.promise(digest)).sizeBytes).toBe(large.length);
});

test("a cached blob that a check has found damaged is fetched again, for another repository too", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(large);
  const other = named("other");
  for (const name of [one, other]) upstream.addManifest(name, "latest", manifestOf(large));
  const { cache, store } = await cacheOf(upstream);
  for (const name of [one, other]) {
    await bytesOf(await cache.repository(one, anonymous()).blobs.open(digest));
    await store.objects.put(
      blobKey(digest),
      large.map((byte) => byte ^ 1),
    );
    const judged = await store.objects.stat(blobKey(digest));
    if (judged !== undefined) await store.directory.noteDamage(blobKey(digest), judged, true);
    expect(digestOf(await bytesOf(await cache.repository(name, anonymous()).blobs.open(digest)))).toBe(digest);
    expect((await store.objects.stat(blobKey(digest)))?.isDamaged).toBe(false);
  }
});

test("a blob whose size the upstream does not tell is fetched for it; a failure of that is the upstream's", async () => {
  await using upstream = await startUpstream();
  const digest = upstream.addBlob(large);
  const { cache } = await cacheOf(upstream);
  const { blobs } = cache.repository(one, anonymous());
  const headOnly: Behaviour = ({ method }, response) => {
    if (method === "HEAD") response.writeHead(200).end();
    return method === "HEAD";
  };
  upstream.behave((request, response) => headOnly(request, response) || behaviours.status(403)(request, response));
  expect(await refusalOf(blobs.promise(digest))).toBe("UPSTREAM_DENIED");
  upstream.behave(headOnly);
  expect(await blobs.promise(digest)).toEqual({ sizeBytes: large.length });
});
