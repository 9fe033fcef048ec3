import { expect, test } from "bun:test";
import { RateMeter } from "../../src/lib/least-rate.ts";

test.each([
  [
    "a byte now and then",
    Array(10).fill([1, 10_000]),
    [false, false, true, false, false, true, false, false, true, false],
    3,
  ],
  ["what is fast enough", Array(6).fill([11_000, 10_000]), Array(6).fill(false), 0],
  [
    "everything at the end of a window",
    [
      [1, 29_000],
      [40_000, 1000],
    ],
    [false, false],
    0,
  ],
  [
    "a rest after much",
    [
      [1_000_000, 1],
      [1, 29_998],
      [1, 1],
      [1, 30_000],
    ],
    [false, false, false, true],
    1,
  ],
  [
    "slow, then fast, then slow",
    [
      [1, 30_000],
      [99_000, 30_000],
      [1, 30_000],
    ],
    [true, false, true],
    1,
  ],
  ["a long wait by the rate, not by the window", [[31_000, 60_000]], [true], 1],
] as [string, [number, number][], boolean[], number][])("RateMeter judges %s", (_what, counts, want, slowWindows) => {
  const meter = new RateMeter({ bytesPerSecond: 1000, windowMs: 30_000 });
  expect(counts.map(([sizeBytes, waitedMs]) => meter.count(sizeBytes, waitedMs))).toEqual(want);
  expect(meter.slowWindows).toBe(slowWindows);
});
