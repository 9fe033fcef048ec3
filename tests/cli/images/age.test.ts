import { expect, test } from "bun:test";
import { formatAge, formatTime } from "../../../src/cli/images/age.ts";

const nowMs = 1_700_000_000_000;
const day = 86_400_000;

test.each([
  [0, "just now"],
  [-5000, "just now"],
  [1999, "just now"],
  [2000, "2 seconds ago"],
  [119_000, "119 seconds ago"],
  [120_000, "2 minutes ago"],
  [2 * day - 1, "47 hours ago"],
  [13 * day, "13 days ago"],
  [14 * day, "2 weeks ago"],
  [61 * day, "2 months ago"],
  [800 * day, "2 years ago"],
])("formatAge() of %p ms", (elapsedMs, want) => {
  expect(formatAge(nowMs - elapsedMs, nowMs)).toBe(want);
});

test("what nobody knows is left out", () => {
  expect([formatAge(undefined, nowMs), formatTime(undefined)]).toEqual(["", undefined]);
  expect(formatTime(nowMs)).toBe("2023-11-14T22:13:20.000Z");
});
