import { expect, test } from "bun:test";
import { gather } from "../../src/proxy/gather.ts";

const fullBytes = () => 1024 * 1024;

async function* chunksOf(count: number, sizeBytes: number, error?: Error): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index += 1) yield new Uint8Array(sizeBytes).fill(index);
  if (error !== undefined) throw error;
}

async function collect(batches: AsyncIterable<readonly Uint8Array[]>) {
  const all: Uint8Array[] = [];
  let count = 0;
  for await (const batch of batches) {
    count += 1;
    all.push(...batch);
  }
  return { all, count };
}

test.each([
  [0, 10],
  [1, 10],
  [100, 1000],
  [50, 100_000],
])("all of %p chunks of %p bytes come, in order, in few batches", async (count, sizeBytes) => {
  const { all, count: batches } = await collect(gather(chunksOf(count, sizeBytes), fullBytes));
  expect([all.map((chunk) => chunk[0]), batches <= Math.max(1, count)]).toEqual([
    Array.from({ length: count }, (_, index) => index),
    true,
  ]);
  expect(Math.max(0, ...all.map((chunk) => chunk.length))).toBe(count === 0 ? 0 : sizeBytes);
});

test.each([
  [1_000_000, 40],
  [200_000, 8],
])("no more than about %p bytes are held for a slow consumer", async (heldBytes, mostChunks) => {
  let sent = 0;
  const sending = async function* () {
    for (; sent < 100; sent += 1) yield new Uint8Array(100_000);
  };
  for await (const _batch of gather(sending(), () => heldBytes)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    break;
  }
  expect(sent).toBeLessThan(mostChunks);
});

test("a failure comes after the chunks before it", async () => {
  const seen: number[] = [];
  const read = async () => {
    for await (const batch of gather(chunksOf(3, 1, new Error("cut")), fullBytes))
      seen.push(...batch.map((chunk) => chunk[0] ?? -1));
  };
  expect(await read().catch((error: Error) => error.message)).toBe("cut");
  expect(seen).toEqual([0, 1, 2]);
});
