import { expect, test } from "bun:test";
import { hashBytes, startHash } from "../../src/oci/hash.ts";
import { CacheRoom } from "../../src/proxy/cache-room.ts";
import { Checkpoints } from "../../src/proxy/checkpoints.ts";
import { keepChunks } from "../../src/proxy/keep-chunks.ts";
import { TransferProgress } from "../../src/proxy/transfer-progress.ts";
import { openArrival } from "../../src/registry/arrival.ts";
import { openMemory } from "../../src/storage/memory.ts";

const content = new Uint8Array(900_000).fill(7);
const digest = hashBytes(content, "sha256");
const upstream = "https://up.example/";

async function* chunks() {
  for (let start = 0; start < content.length; start += 100_000) yield content.slice(start, start + 100_000);
}

async function keep({ maxBytes = Number.POSITIVE_INFINITY, announcedBytes = undefined as number | undefined }) {
  const store = { driver: openMemory(), now: Date.now, uuid: () => crypto.randomUUID() };
  using arrival = await openArrival(store, { digest, upstream }).then((opened) => {
    if (opened === "busy") throw new Error("busy");
    return opened;
  });
  const room = new CacheRoom({ space: async () => ({ freeBytes: 1e12, totalBytes: 1e12 }), maxBytes });
  const source = {
    host: "up.example",
    upstream,
    digest,
    expectedBytes: announcedBytes,
    pauseMs: 1,
    leastRate: { bytesPerSecond: 0, windowMs: 1000 },
    wrong: () => new Error() as never,
    open: async () => undefined,
  };
  const progress = new TransferProgress(source, { onReaders: () => undefined, onClosed: () => undefined });
  const refusal = await keepChunks(chunks(), {
    arrival,
    room,
    claim: room.claim(),
    checkpoints: new Checkpoints(startHash("sha256")),
    progress,
    isCrowded: () => true,
  });
  return { reason: refusal?.reason, isRight: arrival.isRight(), keptBytes: arrival.sizeBytes, progress };
}

test("everything is kept and told of as it comes", async () => {
  const { reason, isRight, progress } = await keep({});
  expect([reason, isRight, progress.arrivedBytes]).toEqual([undefined, true, content.length]);
});

test.each([
  ["by what has come", { maxBytes: 500_000 }],
  ["by what is announced, before anything is written", { maxBytes: 500_000, announcedBytes: content.length }],
])("what is too large is found so %s", async (_how, options) => {
  const { reason, keptBytes } = await keep(options);
  const isAnnounced = "announcedBytes" in options;
  expect([reason, keptBytes <= 500_000, keptBytes === 0]).toEqual([
    "it is larger than the cache may become",
    true,
    isAnnounced,
  ]);
});
