import { expect, test } from "bun:test";
import { Batches } from "../../src/proxy/batches.ts";

const chunkOf = (index: number, sizeBytes: number) => new Uint8Array(sizeBytes).fill(index);

/** Batches that are noted with the first byte and the size of each chunk. */
function start({ isCrowded = false, write = async (): Promise<void> => {} } = {}) {
  const written: (readonly [first: number | undefined, sizeBytes: number])[][] = [];
  const batches = new Batches({
    isCrowded: () => isCrowded,
    write: async (pieces) => {
      written.push(pieces.map((piece) => [piece[0], piece.length] as const));
      await write();
    },
  });
  return { batches, written };
}

test.each([
  [0, 10],
  [1, 10],
  [100, 1000],
  [50, 100_000],
])("all of %p chunks of %p bytes are written, in order, in few batches", async (count, sizeBytes) => {
  const { batches, written } = start();
  for (let index = 0; index < count; index += 1) await batches.add(chunkOf(index, sizeBytes));
  await batches.flush();
  expect(written.flat()).toEqual(Array.from({ length: count }, (_, index) => [index, sizeBytes] as const));
  expect(written.length).toBeLessThanOrEqual(Math.ceil((count * sizeBytes) / (1024 * 1024)) + 1);
});

test.each([
  [false, 22],
  [true, 6],
])("a sender waits for a slow disk, with few bytes in memory (crowded: %p)", async (isCrowded, mostChunks) => {
  const disk = Promise.withResolvers<void>();
  const { batches, written } = start({ isCrowded, write: () => disk.promise });
  let sent = 0;
  const sending = (async () => {
    for (; sent < 100; sent += 1) await batches.add(chunkOf(sent, 100_000));
  })();
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
  expect([sent > 0, sent < mostChunks, written.length]).toEqual([true, true, 1]);
  disk.resolve();
  await sending;
  await batches.flush();
  expect(written.flat().length).toBe(100);
});

test("a slow sender's chunks are written as they come", async () => {
  const { batches, written } = start();
  for (let index = 0; index < 3; index += 1) {
    await batches.add(chunkOf(index, 10));
    await batches.flush();
  }
  expect(written.length).toBe(3);
});

test("the memory of what is written is given back, except where it is part of something larger", async () => {
  const { batches } = start();
  const [own, shared] = [new Uint8Array(1000), new Uint8Array(1000)];
  for (const chunk of [own, shared.subarray(0, 500)]) await batches.add(chunk);
  await batches.flush();
  expect([own.length, shared.length]).toEqual([0, 1000]);
});
