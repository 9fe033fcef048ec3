import { describe, expect, test } from "bun:test";
import { PartMemory } from "../../../src/storage/s3/part-memory.ts";
import { usualPartBytes } from "../../../src/storage/s3/part-plan.ts";

describe("memory for parts", () => {
  test("is given up to its limit, and then to whoever came first", async () => {
    const memory = new PartMemory(4 * usualPartBytes);
    const buffers: Uint8Array[] = [];
    for (let count = 0; count < 4; count += 1) buffers.push(await memory.take(usualPartBytes));
    const order: number[] = [];
    const later = [2, 1].map(async (size, index) => {
      const buffer = await memory.take(size * usualPartBytes);
      order.push(index);
      return buffer;
    });
    const before = [memory.usedBytes / usualPartBytes, memory.waiting];
    for (const buffer of buffers) memory.put(buffer);
    const given = await Promise.all(later);
    for (const buffer of given) memory.put(buffer);
    expect([before, order, memory.usedBytes, memory.waiting]).toEqual([[4, 2], [0, 1], 0, 0]);
  });

  test("is used again", async () => {
    const memory = new PartMemory(0);
    const [first, other] = [await memory.take(usualPartBytes), await memory.take(usualPartBytes)];
    memory.put(first);
    const next = [await memory.take(usualPartBytes), await memory.take(usualPartBytes)];
    expect([next[0] === first, next[1] === other]).toEqual([true, false]);
  });

  test("is asked for where others wait, and only then", async () => {
    const memory = new PartMemory(0);
    const buffers: Uint8Array[] = [];
    for (let count = 0; count < 4; count += 1) buffers.push(await memory.take(usualPartBytes));
    let asked = 0;
    const membership = memory.join({
      release: () => {
        asked += 1;
        for (const buffer of buffers.splice(0)) memory.put(buffer);
      },
    });
    const buffer = await memory.take(usualPartBytes);
    membership[Symbol.dispose]();
    expect([asked, buffer.length]).toEqual([1, usualPartBytes]);
  });
});
