import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { BlobSource } from "../../src/client/receive.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { CacheRoom } from "../../src/proxy/cache-room.ts";
import { Download } from "../../src/proxy/download.ts";
import type { ProxyEvent } from "../../src/proxy/events.ts";
import { usualTurnTimes } from "../../src/proxy/turn-times.ts";
import { anonymous } from "../../src/registry/actor.ts";
import { followArrival } from "../../src/registry/arrival.ts";
import { transferKey } from "../../src/registry/layout.ts";
import type { Store } from "../../src/registry/store.ts";
import { openMemory } from "../storage/memory.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { bytesOf, cacheOf, codeOf, named, placesOf, refusalOf, tryBytes } from "./caching.ts";
import { type Behaviour, behaviours, digestOf, startUpstream } from "./misbehaving-upstream.ts";

const name = named("team/app");
const large = new Uint8Array(randomBytes(1_000_000));
const small = new Uint8Array(randomBytes(1000));

describe("a cold blob", () => {
  test.each([
    ["small", small],
    ["large", large],
    ["empty", new Uint8Array()],
  ])("that is %s is fetched once, verified, and local afterwards", async (_size, bytes) => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(bytes);
    const caching = await cacheOf(upstream);
    const { cache, local } = caching;
    const cold = await bytesOf(await cache.repository(name, anonymous()).blobs.open(digest));
    const warm = await bytesOf(await cache.repository(name, anonymous()).blobs.open(digest));
    expect([
      digestOf(cold),
      digestOf(warm),
      (await local.repository(name, anonymous()).blobs.promise(digest)).sizeBytes,
    ]).toEqual([digest, digest, bytes.length]);
    expect(upstream.asked().filter((line) => line.startsWith("GET"))).toEqual([`GET /v2/team/app/blobs/${digest}`]);
    expect(await placesOf(caching, digest)).toEqual({ isStored: true, isLeft: false });
  });

  test("costs one download for fifty readers, and does not stop when the first leaves", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const { cache } = await cacheOf(upstream);
    const blobs = await Promise.all(
      Array.from({ length: 50 }, () => cache.repository(name, anonymous()).blobs.open(digest)),
    );
    const [first, ...others] = blobs;
    if (first === undefined || "content" in first) throw new Error("the first one comes too late");
    for await (const _chunk of first.read()) break;
    const digests = await Promise.all(others.map(async (blob) => digestOf(await bytesOf(blob))));
    expect([new Set(digests), upstream.requests.length]).toEqual([new Set([digest]), 1]);
  });

  test("continues without any reader", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const { cache, local } = await cacheOf(upstream);
    const blob = await cache.repository(name, anonymous()).blobs.open(digest);
    if ("content" in blob) throw new Error("it is there already");
    for await (const _chunk of blob.read()) break;
    while ((await refusalOf(local.repository(name, anonymous()).blobs.open(digest))) !== "none")
      await new Promise(setImmediate);
    expect(upstream.requests.length).toBe(1);
  });

  test("can be read from the middle while it arrives", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const { cache } = await cacheOf(upstream);
    const blob = await cache.repository(name, anonymous()).blobs.open(digest);
    if ("content" in blob) throw new Error("it is there already");
    const chunks: Uint8Array[] = [];
    for await (const chunk of blob.read({ start: 500_000, end: 999_000 })) chunks.push(chunk);
    expect([blob.sizeBytes, Buffer.concat(chunks).equals(large.subarray(500_000, 999_000))]).toEqual([1_000_000, true]);
  });

  test("that upstream does not have is unknown", async () => {
    await using upstream = await startUpstream();
    const { cache } = await cacheOf(upstream);
    expect(await refusalOf(cache.repository(name, anonymous()).blobs.open(digestOf("nowhere")))).toBe("BLOB_UNKNOWN");
    expect(await refusalOf(cache.repository(name, anonymous()).blobs.promise(digestOf("nowhere")))).toBe(
      "BLOB_UNKNOWN",
    );
  });

  test("is only asked for its size by HEAD", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const { cache } = await cacheOf(upstream);
    expect(await cache.repository(name, anonymous()).blobs.promise(digest)).toEqual({ sizeBytes: large.length });
    expect(upstream.asked()).toEqual([`HEAD /v2/team/app/blobs/${digest}`]);
  });
});

const broken: readonly [string, (blob: Uint8Array) => Behaviour][] = [
  ["is cut off once", (blob) => behaviours.breakBlob(blob, { after: 300_000, how: "cut" })],
  ["is cut off twice", (blob) => behaviours.breakBlob(blob, { after: 300_000, how: "cut", times: 2 })],
  ["stalls", (blob) => behaviours.breakBlob(blob, { after: 300_000, how: "stall" })],
];

describe("a download", () => {
  test.each(broken)("that %s is resumed where it stopped", async (_how, behave) => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    upstream.behave(behave(large));
    const { cache } = await cacheOf(upstream, { times: { stallMs: 300 } });
    expect(digestOf(await bytesOf(await cache.repository(name, anonymous()).blobs.open(digest)))).toBe(digest);
    const starts = upstream.requests.map(({ range }) => Number(/\d+/.exec(range ?? "")?.[0] ?? 0));
    expect([starts.length > 1, (starts.at(-1) ?? 0) > 0]).toEqual([true, true]);
  });

  test("is resumed although the upstream does not support ranges", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const cut = behaviours.breakBlob(large, { after: 300_000, how: "cut" });
    upstream.behave(async (...asked) => (await behaviours.ignoreRanges()(...asked)) || cut(...asked));
    const { cache } = await cacheOf(upstream);
    expect(digestOf(await bytesOf(await cache.repository(name, anonymous()).blobs.open(digest)))).toBe(digest);
  });

  test("that fails for good leaves what arrived, and the next request resumes there", async () => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const cut = behaviours.breakBlob(large, { after: 300_000, how: "cut" });
    upstream.behave(async (...asked) => (await cut(...asked)) || behaviours.status(503)(...asked));
    const caching = await cacheOf(upstream);
    const { cache } = caching;
    const failed = await tryBytes(await cache.repository(name, anonymous()).blobs.open(digest));
    expect([failed.code, failed.sizeBytes < large.length]).toEqual(["UPSTREAM_UNAVAILABLE", true]);
    expect(await placesOf(caching, digest)).toEqual({ isStored: false, isLeft: true });
    upstream.behave(undefined);
    upstream.requests.length = 0;
    while ((await refusalOf(cache.repository(name, anonymous()).blobs.open(digest))) !== "none")
      await new Promise(setImmediate);
    expect(digestOf(await bytesOf(await cache.repository(name, anonymous()).blobs.open(digest)))).toBe(digest);
    expect(upstream.requests[0]?.range).toMatch(/^bytes=[1-9]\d*-$/);
  });

  test.each([
    ["resumes where a process that died left it", large.subarray(0, 400_000), 1],
    ["succeeds in the end although damaged bytes were left", new Uint8Array(400_000), 2],
  ])("%s", async (_what, left, count) => {
    using directory = temporaryDirectory();
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const { cache } = await cacheOf(upstream, { root: directory.path });
    await Bun.write(join(directory.path, transferKey({ digest, upstream: upstream.url.href })), left);
    // Of what was left damaged a reader may have got a part: his answer breaks off, and the next is right.
    const first = await cache
      .repository(name, anonymous())
      .blobs.open(digest)
      .then(tryBytes, (error: unknown) => ({ code: codeOf(error) }));
    const again = digestOf(await bytesOf(await cache.repository(name, anonymous()).blobs.open(digest)));
    expect([first.code, again, upstream.requests[0]?.range, upstream.requests.length]).toEqual([
      count === 1 ? undefined : "UPSTREAM_INVALID",
      digest,
      "bytes=400000-",
      count,
    ]);
  });
});

describe("a blob that turns out to be too large for the cache", () => {
  const up = "https://up.example/";

  /** A download from an upstream that may announce the size, into a cache of 500,000 bytes. */
  async function download(announcedBytes: number | undefined) {
    const store: Store = { ...openMemory(), now: Date.now, uuid: () => crypto.randomUUID() };
    const events: ProxyEvent[] = [];
    const offsets: number[] = [];
    const digest = digestOf(large);
    const source: BlobSource = {
      host: "up.example",
      upstream: up,
      digest,
      expectedBytes: announcedBytes,
      pauseMs: 1,
      leastRate: { bytesPerSecond: 0, windowMs: 1000 },
      wrong: (how) => new RegistryError("UPSTREAM_INVALID", { message: how }),
      open: async ({ offset }) => {
        offsets.push(offset);
        return { startBytes: offset, totalBytes: undefined, chunks: pieces(large.slice(offset)) };
      },
    };
    const started = new Download(name, source, {
      store,
      report: (event) => void events.push(event),
      room: new CacheRoom({ space: async () => ({ freeBytes: 1e12, totalBytes: 1e12 }), maxBytes: 500_000 }),
      abandonMs: 60_000,
      patienceMs: 60_000,
      turnTimes: usualTurnTimes,
      isCrowded: () => true,
      confirm: async () => {},
    });
    void started.run();
    const chunks: Uint8Array[] = [];
    for await (const chunk of started.progress.read()) chunks.push(chunk);
    await started.done;
    const keptBytes = events.flatMap((event) => (event.kind === "received" ? [event.sizeBytes] : []));
    const reasons = events.flatMap((event) => (event.kind === "uncached" ? [event.reason] : []));
    using left = await followArrival(store, { digest, upstream: up });
    return {
      isWhole: Buffer.concat(chunks).equals(large),
      keptBytes: keptBytes[0] ?? 0,
      reasons,
      isLeft: left !== undefined,
    };
  }

  async function* pieces(bytes: Uint8Array) {
    for (let start = 0; start < bytes.length; start += 100_000) {
      yield bytes.slice(start, start + 100_000);
      await new Promise(setImmediate);
    }
  }

  test("is not kept from the first byte on where its size is announced", async () => {
    expect(await download(large.length)).toEqual({
      isWhole: true,
      keptBytes: 0,
      reasons: ["it is larger than the cache may become"],
      isLeft: false,
    });
  });

  test("is kept as far as there is room, and its reader gets all of it", async () => {
    const { keptBytes, ...rest } = await download(undefined);
    expect(rest).toEqual({ isWhole: true, reasons: ["it is larger than the cache may become"], isLeft: false });
    expect([keptBytes > 0, keptBytes <= 500_000]).toEqual([true, true]);
  });
});

const wrong: readonly [string, Behaviour][] = [
  ["other bytes", behaviours.wrongBlob(new Uint8Array(large.length))],
  ["too few bytes", behaviours.wrongBlob(large.subarray(0, 900_000))],
  ["too many bytes", behaviours.wrongBlob(new Uint8Array(Buffer.concat([large, small])))],
  ["nothing", behaviours.wrongBlob(new Uint8Array())],
];

describe("a wrong blob", () => {
  test.each(wrong)("of %s is never delivered whole and never cached", async (_what, behaviour) => {
    await using upstream = await startUpstream();
    const digest = upstream.addBlob(large);
    const caching = await cacheOf(upstream);
    const { cache, local, events } = caching;
    upstream.behave(behaviour);
    const opened = await cache
      .repository(name, anonymous())
      .blobs.open(digest)
      .catch((error: unknown) => ({ code: codeOf(error) }));
    const outcome = "code" in opened ? { sizeBytes: 0, code: opened.code } : await tryBytes(opened);
    const isWhole = outcome.sizeBytes >= large.length;
    expect([outcome.code, isWhole, await refusalOf(local.repository(name, anonymous()).blobs.open(digest))]).toEqual([
      "UPSTREAM_INVALID",
      false,
      "BLOB_UNKNOWN",
    ]);
    expect(events.filter(({ kind }) => kind === "wrong").length).toBe(1);
    expect(await placesOf(caching, digest)).toEqual({ isStored: false, isLeft: false });
    upstream.behave(undefined);
    expect(digestOf(await bytesOf(await cache.repository(name, anonymous()).blobs.open(digest)))).toBe(digest);
  });
});
