import { describe, expect, test } from "bun:test";
import { RegistryError } from "../../src/oci/errors.ts";
import { Downloads } from "../../src/proxy/downloads.ts";
import type { ProxyEvent } from "../../src/proxy/events.ts";
import { usualTurnTimes } from "../../src/proxy/turn-times.ts";
import type { Store } from "../../src/registry/store.ts";
import { openMemory } from "../storage/memory.ts";
import { blob, collect, from, sourceOf } from "./blob-source.ts";
import { named, refusalOf } from "./caching.ts";

const [one, two] = [named("team/one"), named("team/two")];
const unneeded = () => Promise.reject(new Error("nobody has to confirm this"));

function start() {
  const store: Store = { ...openMemory(), now: Date.now, uuid: () => crypto.randomUUID() };
  const events: ProxyEvent[] = [];
  const report = (event: ProxyEvent) => void events.push(event);
  const limits = { maxBytes: Number.POSITIVE_INFINITY, abandonMs: 60_000, patienceMs: 60_000 };
  return { downloads: new Downloads({ store, report, turnTimes: usualTurnTimes, ...limits }), events };
}

describe("Downloads.join()", () => {
  test("gives all repositories one download, each after its own upstream's word", async () => {
    const { downloads } = start();
    const source = sourceOf([from(blob)]);
    const key = { upstream: source.upstream, digest: source.digest };
    const first = downloads.join(one, source, unneeded);
    const refused = downloads.join(two, source, () => Promise.reject(new RegistryError("BLOB_UNKNOWN")));
    expect(await refusalOf(refused)).toBe("BLOB_UNKNOWN");
    expect([downloads.isJoined(one, key), downloads.isJoined(two, key)]).toEqual([true, false]);
    const download = await first;
    expect(await downloads.join(two, source, async () => undefined)).toBe(download);
    expect(download.hasName(two)).toBe(true);
    await download.done;
    expect([downloads.isJoined(one, key), source.offsets]).toEqual([false, [0]]);
  });

  test("starts another download for whoever joined one that failed", async () => {
    const { downloads } = start();
    const denied = () => {
      throw new RegistryError("UPSTREAM_DENIED");
    };
    const source = sourceOf([denied, from(blob)]);
    const first = downloads.join(one, source, unneeded);
    const second = downloads.join(two, source, async () => undefined);
    expect(await refusalOf(first)).toBe("UPSTREAM_DENIED");
    const download = await second;
    expect((await collect(download.progress.read())).bytes).toEqual(Buffer.from(blob));
    expect([download.isFor(two), download.hasName(one)]).toEqual([true, false]);
  });

  test("gives up with the second failure", async () => {
    const { downloads } = start();
    const denied = () => {
      throw new RegistryError("UPSTREAM_DENIED");
    };
    const source = sourceOf([denied, denied, from(blob)]);
    const joining = [one, two].map((name) => refusalOf(downloads.join(name, source, async () => undefined)));
    expect(await Promise.all(joining)).toEqual(["UPSTREAM_DENIED", "UPSTREAM_DENIED"]);
    expect(source.offsets).toEqual([0, 0]);
  });
});

test("count() reports what a reader took, also of one who leaves", async () => {
  const { downloads, events } = start();
  const chunks = async () => from(blob)(0).chunks;
  for await (const _chunk of downloads.count(chunks)) break;
  await collect(downloads.count(chunks));
  expect(events).toEqual([
    { kind: "sent", type: "blob", sizeBytes: 30_000 },
    { kind: "sent", type: "blob", sizeBytes: blob.length },
  ]);
});
