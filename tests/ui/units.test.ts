import { expect, test } from "bun:test";
import { formatAge, formatByteCount, formatMoment, formatSpan, shortenDigest } from "../../src/ui/units.ts";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [1536, "1.5 kB"],
  [243_000_000, "243 MB"],
  [99_950_000, "100 MB"],
  [1.5e12, "1.5 TB"],
  [Number.MAX_SAFE_INTEGER, "9 PB"],
])("formatByteCount() of %p", (sizeBytes, want) => {
  expect(formatByteCount(sizeBytes, "en")).toEqual(want);
});

const nowMs = Date.parse("2026-06-15T12:00:00Z");

test.each([
  ["2026-06-15T12:00:00Z", "now"],
  ["2026-06-15T11:59:30Z", "30 seconds ago"],
  ["2026-06-15T11:58:00Z", "2 minutes ago"],
  ["2026-06-15T09:00:00Z", "3 hours ago"],
  ["2026-06-14T10:00:00Z", "yesterday"],
  ["2026-06-20T12:00:00Z", "in 5 days"],
  ["2026-01-01T00:00:00Z", "5 months ago"],
  ["2020-01-01T00:00:00Z", "6 years ago"],
])("formatAge() of %p", (time, want) => {
  expect(formatAge(Date.parse(time), { nowMs, language: "en" })).toEqual(want);
});

test("formatAge() and formatMoment() speak the language of the page", () => {
  const language = "zh-Hans";
  expect([formatAge(nowMs - 86_400_000, { nowMs, language }), formatMoment(nowMs, language)]).toEqual([
    "昨天",
    expect.stringContaining("2026年6月15日"),
  ]);
});

test.each([
  [24 * 3_600_000, "24 hours"],
  [168 * 3_600_000, "7 days"],
  [90_000, "2 minutes"],
])("formatSpan() of %p", (ms, want) => {
  expect(formatSpan(ms, "en")).toEqual(want);
});

test("shortenDigest() leaves the algorithm out", () => {
  expect(shortenDigest(`sha256:${"ab".repeat(32)}`)).toEqual("abababababab");
});
