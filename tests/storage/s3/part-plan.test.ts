import { expect, test } from "bun:test";
import { maxParts, partBytesOf } from "../../../src/storage/s3/part-plan.ts";

test("parts grow with their number, within what stores take, and carry 240 GB", () => {
  const sizes = Array.from({ length: maxParts }, (_, index) => partBytesOf(index + 1));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect([Math.min(...sizes) >= 5 * 1024 ** 2, Math.max(...sizes) <= 5 * 1024 ** 3, total >= 240e9]).toEqual([
    true,
    true,
    true,
  ]);
  expect([1, 1000, 1001, 4000, 4001, 10_000].map((number) => partBytesOf(number) / 1024 ** 2)).toEqual([
    8, 8, 16, 16, 32, 32,
  ]);
});
