import { expect, test } from "bun:test";
import { formatBlobs, formatFreeTime } from "../../../src/cli/images/free-time.ts";

const hour = 3_600_000;
const schedule = { graceMs: 24 * hour, intervalMs: 24 * hour, deletesUntagged: false };

test.each([
  [{ fromMs: 48 * hour, byMs: 96 * hour }, schedule, "free after 48h, all of it after 96h"],
  [{ fromMs: 23.5 * hour, byMs: 24 * hour }, schedule, "free after 24h"],
  [{ fromMs: 90_000, byMs: 3 * hour }, schedule, "free after 2m, all of it after 3h"],
  [{ fromMs: -5, byMs: -5 }, schedule, "free by the next collection"],
  [undefined, { ...schedule, intervalMs: undefined }, "free after two runs of `registry gc`, 24h apart"],
  [undefined, { ...schedule, graceMs: 0, intervalMs: undefined }, "free after two runs of `registry gc`"],
])("formatFreeTime(%j)", (free, each, want) => {
  expect(formatFreeTime(free, { schedule: each, nowMs: 0 })).toBe(want);
});

test("formatBlobs() counts", () => {
  expect([formatBlobs({ count: 1, sizeBytes: 6 }), formatBlobs({ count: 60, sizeBytes: 243e6 })]).toEqual([
    "1 blob, 6 B",
    "60 blobs, 243.0 MB",
  ]);
});
