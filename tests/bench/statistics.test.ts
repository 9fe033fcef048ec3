import { expect, test } from "bun:test";
import { formatNumber, median, spread } from "../../bench/statistics.ts";

test.each([
  [[3], 3],
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[], Number.NaN],
])("median(%p) is %p", (values, want) => {
  expect(median(values)).toEqual(want);
});

test("median() leaves the order of its argument alone", () => {
  const values = [3, 1, 2];
  median(values);
  expect(values).toEqual([3, 1, 2]);
});

test.each([
  [[10, 10, 10], 0],
  [[9, 10, 11], 0.1],
  [[5, 10, 1000], 0.5],
  [[7], 0],
  [[], 0],
  [[0, 0], 0],
])("spread(%p) is %p of the median, whatever one outlier does", (values, want) => {
  expect(spread(values)).toBeCloseTo(want, 10);
});

test.each([
  [0.05642, "0.0564"],
  [1.5349, "1.53"],
  [12.37, "12.4"],
  [431.2, "431"],
  [123456, "123456"],
  [0.0000123, "0.0000"],
  [0, "0"],
  [Number.NaN, ""],
  [Number.POSITIVE_INFINITY, ""],
])("formatNumber(%p) is %p", (value, want) => {
  expect(formatNumber(value)).toBe(want);
});
