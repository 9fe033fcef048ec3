import { describe, expect, test } from "bun:test";
import { PartMemory } from "../../../src/storage/s3/part-memory.ts";
import { usualPartBytes } from "../../../src/storage/s3/part-plan.ts";
import { UploadParts } from "../../../src/storage/s3/upload-parts.ts";
import { openBucket } from "./bucket.ts";

function filling() {
  const bucket = openBucket({ limits: { attempts: 1, totalMs: 1 } });
  const memory = new PartMemory(0);
  const parts = new UploadParts(bucket.objects, { memory, key: "k", uploadId: undefined, parts: [] });
  return { ...bucket, memory, parts };
}

const some = (sizeBytes: number) => new Uint8Array(sizeBytes).fill(7);

describe("parts", () => {
  test("are cut from what comes, and sent when they are full", async () => {
    const { parts, memory } = filling();
    const before = parts.upload;
    for (let count = 0; count < 5; count += 1) await parts.add(some(usualPartBytes / 2));
    const stored = await parts.requireAll();
    const sizes = stored.map(({ number, sizeBytes }) => [number, sizeBytes / usualPartBytes]);
    expect([before, sizes, parts.rest.length, parts.sentBytes, memory.usedBytes]).toEqual([
      undefined,
      [
        [1, 1],
        [2, 1],
      ],
      usualPartBytes / 2,
      2 * usualPartBytes,
      usualPartBytes,
    ]);
    parts.drop();
    expect([memory.usedBytes, parts.isHolding]).toEqual([0, false]);
  });

  test("are sent two at once, and no more", async () => {
    const { parts, engine, client } = filling();
    const second = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    let [now, most] = [0, 0];
    const { send } = client.options;
    Object.assign(client.options, {
      send: async (url: string, init: BunFetchRequestInit) => {
        if (!url.includes("partNumber=")) return await send(url, init);
        now += 1;
        most = Math.max(most, now);
        if (now === 2) second.resolve();
        await release.promise;
        now -= 1;
        return await send(url, init);
      },
    });
    const adding = parts.add(some(5 * usualPartBytes));
    await second.promise;
    // Whoever would send a third one has every chance to.
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    const meanwhile = now;
    release.resolve();
    await adding;
    expect([(await parts.requireAll()).length, meanwhile, most, engine.requests.length]).toEqual([5, 2, 2, 6]);
  });

  test("give back what was filled while an earlier one failed", async () => {
    const { parts, engine, memory } = filling();
    engine.fault = ({ query }) => (query.get("partNumber") === "1" ? { kind: "dropped" } : undefined);
    await parts.add(some(usualPartBytes + 1));
    await parts.settle();
    const before = memory.usedBytes;
    const failure = await parts.add(some(1)).catch((error: Error) => error.name);
    expect([before, failure, memory.usedBytes, parts.isHolding]).toEqual([usualPartBytes, "S3Failure", 0, false]);
  });

  test("count up to the one that failed", async () => {
    const { parts, engine, memory } = filling();
    engine.fault = ({ query }) => (query.get("partNumber") === "2" ? { kind: "dropped" } : undefined);
    await parts.add(some(3 * usualPartBytes)).catch(() => {});
    const settled = await parts.settle();
    const failure = await parts.add(some(1)).catch((error: Error) => error.name);
    expect([
      settled.map(({ number }) => number),
      failure,
      parts.hasFailed,
      parts.sentBytes,
      parts.rest.length,
      memory.usedBytes,
    ]).toEqual([[1], "S3Failure", true, usualPartBytes, 0, 0]);
  });
});
