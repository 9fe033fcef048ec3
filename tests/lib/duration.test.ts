import { expect, test } from "bun:test";
import { formatDuration, parseDuration } from "../../src/lib/duration.ts";

test.each([
  ["30s", 30_000],
  ["1h30m", 5_400_000],
  ["168h", 604_800_000],
  ["1.5h", 5_400_000],
  ["250ms", 250],
  ["0", 0],
  ["-5s", -5000],
  ["", undefined],
  ["-", undefined],
  ["5", undefined],
  ["5 s", undefined],
  ["1d", undefined],
  ["s", undefined],
])("parseDuration(%p)", (text, want) => {
  expect(parseDuration(text)).toEqual(want);
});

test.each([
  [0, "0s"],
  [250, "250ms"],
  [90_000, "1m30s"],
  [86_400_000, "24h"],
])("formatDuration(%p)", (durationMs, want) => {
  expect(formatDuration(durationMs)).toEqual(want);
});
