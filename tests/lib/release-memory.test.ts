import { expect, test } from "bun:test";
import { releaseMemory } from "../../src/lib/release-memory.ts";

test("releaseMemory() empties what has its memory for itself", () => {
  const own = new Uint8Array(1000);
  const whole = new Uint8Array(1000).fill(1);
  const part = whole.subarray(500);
  releaseMemory([own, part, new Uint8Array()]);
  expect([own.length, part.length, whole[999]]).toEqual([0, 500, 1]);
});
