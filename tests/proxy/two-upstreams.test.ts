// What one upstream sends as a digest says nothing about another: it neither starves nor cuts the clients of that one.

import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { anonymous } from "../../src/registry/actor.ts";
import { openArrival, sweepArrivals } from "../../src/registry/arrival.ts";
import { blobKey, transferKey } from "../../src/registry/layout.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { bytesOf, type Caching, cacheOf, clientOf, named, tryBytes } from "./caching.ts";
import {
  type Behaviour,
  behaviours,
  digestOf,
  type MisbehavingUpstream,
  startUpstream,
} from "./misbehaving-upstream.ts";

const blob = new Uint8Array(randomBytes(1_000_000));
const digest = digestOf(blob);
const wrong = new Uint8Array(randomBytes(1_000_000));
const name = named("team/app");

/** Sends the beginning of other bytes, and nothing after it. */
const stuck: Behaviour = (request, response) => {
  if (request.method !== "GET") return false;
  response.writeHead(200, { "Content-Length": wrong.length });
  response.write(wrong.subarray(0, 300_000));
  return true;
};

/** A cache of an honest upstream, and of another one below its host. */
async function cacheBoth(honest: MisbehavingUpstream, other: MisbehavingUpstream, root?: string): Promise<Caching> {
  const client = clientOf(other);
  return cacheOf(honest, {
    ...(root === undefined ? {} : { root }),
    times: { stallMs: 60_000 },
    cache: { routes: { main: clientOf(honest), others: [client], local: [] } },
  });
}
const otherName = ({ host }: MisbehavingUpstream) => named(`${host.replace(":", "-")}/team/app`);

test("an upstream that stops in the middle of a blob starves nobody else's clients", async () => {
  await using honest = await startUpstream();
  await using other = await startUpstream();
  honest.addBlob(blob);
  other.behave(stuck);
  const { cache } = await cacheBoth(honest, other);
  const held = await cache.repository(otherName(other), anonymous()).blobs.open(digest);
  const got = await bytesOf(await cache.repository(name, anonymous()).blobs.open(digest));
  expect(["content" in held, digestOf(got), other.requests.length]).toEqual([false, digest, 1]);
});

test("an upstream that sends wrong bytes cuts nobody else's clients", async () => {
  await using honest = await startUpstream();
  await using other = await startUpstream();
  honest.addBlob(blob);
  other.behave(behaviours.wrongBlob(wrong));
  const { cache } = await cacheBoth(honest, other);
  const [bad, good] = await Promise.all([
    cache.repository(otherName(other), anonymous()).blobs.open(digest).then(tryBytes),
    cache.repository(name, anonymous()).blobs.open(digest).then(bytesOf),
  ]);
  expect([bad.code, bad.sizeBytes < blob.length, digestOf(good)]).toEqual(["UPSTREAM_INVALID", true, digest]);
});

test("a download does not resume from what another upstream left", async () => {
  using directory = temporaryDirectory();
  await using honest = await startUpstream();
  await using other = await startUpstream();
  honest.addBlob(blob);
  const caching = await cacheBoth(honest, other, directory.path);
  const earlier = join(directory.path, "proxy", digest.replace(":", "-"));
  await Bun.write(join(directory.path, transferKey({ digest, upstream: other.url.href })), wrong.subarray(0, 300_000));
  await Bun.write(earlier, wrong.subarray(0, 300_000));
  expect(digestOf(await bytesOf(await caching.cache.repository(name, anonymous()).blobs.open(digest)))).toBe(digest);
  expect(honest.requests.map(({ range }) => range)).toEqual([undefined]);
  // What other versions left under other names goes as well.
  expect([await sweepArrivals(caching.store, -1000), existsSync(earlier)]).toEqual([2, false]);
});

describe("a blob that somebody else has brought while another process fetched something from here", () => {
  /** A cache that follows what another process holds: the beginning of something wrong. */
  async function follow(honest: MisbehavingUpstream, root: string) {
    const caching = await cacheOf(honest, { root, cache: { patienceMs: 60_000 } });
    const { cache, store } = caching;
    honest.addBlob(blob);
    const arrival = await openArrival(store, { digest, upstream: honest.url.href });
    if (arrival === "busy") throw new Error("busy");
    await arrival.append([wrong.subarray(0, 300_000)]);
    const opened = await cache.repository(name, anonymous()).blobs.open(digest);
    if ("content" in opened) throw new Error("it is there already");
    const bring = async () => {
      await store.objects.put(blobKey(digest), blob);
      await arrival.discard();
      arrival[Symbol.dispose]();
    };
    return { opened, bring };
  }

  test("is not what a reader continues in who has had a part already", async () => {
    using directory = temporaryDirectory();
    await using honest = await startUpstream();
    const { opened, bring } = await follow(honest, directory.path);
    const chunks = opened.read()[Symbol.asyncIterator]();
    await chunks.next();
    await bring();
    const rest = await (async () => {
      while ((await chunks.next()).done !== true);
      return "whole";
    })().catch((error: { code: string }) => error.code);
    expect(rest).toBe("UNAVAILABLE");
  });

  test("is what a reader gets that has not begun", async () => {
    using directory = temporaryDirectory();
    await using honest = await startUpstream();
    const { opened, bring } = await follow(honest, directory.path);
    await bring();
    expect([digestOf(await bytesOf(opened)), honest.asked()]).toEqual([digest, [`HEAD /v2/${name}/blobs/${digest}`]]);
  });
});

test("who begins to read when the transfer is over gets the blob from the store", async () => {
  using directory = temporaryDirectory();
  await using honest = await startUpstream();
  honest.addBlob(blob);
  const { cache, local } = await cacheOf(honest, { root: directory.path });
  const opened = await cache.repository(name, anonymous()).blobs.open(digest);
  if ("content" in opened) throw new Error("it is there already");
  const isThere = () =>
    local
      .repository(name, anonymous())
      .blobs.open(digest)
      .then(
        () => true,
        () => false,
      );
  while (!(await isThere())) await new Promise(setImmediate);
  const part: Uint8Array[] = [];
  for await (const chunk of opened.read({ start: 10, end: 500_000 })) part.push(chunk);
  expect([digestOf(await bytesOf(opened)), Buffer.concat(part).equals(blob.subarray(10, 500_000))]).toEqual([
    digest,
    true,
  ]);
});
