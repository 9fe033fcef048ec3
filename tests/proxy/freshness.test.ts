import { expect, test } from "bun:test";
import { isFresh, parseRetryAfter } from "../../src/proxy/freshness.ts";

test.each([
  [1000, 1500, 1000, true],
  [1000, 2000, 1000, false],
  [1000, 1000, 0, false],
  [2000, 1000, 5000, false],
])(
  "isFresh() of a tag confirmed at %p, looked at at %p, believed for %p, is %p",
  (confirmedMs, nowMs, freshMs, want) => {
    expect(isFresh({ confirmedMs, nowMs, freshMs })).toBe(want);
  },
);

const nowMs = Date.parse("2026-11-24T20:00:00Z");

test.each([
  [null, undefined],
  ["7", 7],
  [" 12 ", 12],
  ["Tue, 24 Nov 2026 20:00:30 GMT", 30],
  ["Tue, 24 Nov 2026 19:00:00 GMT", 0],
  ["soon", undefined],
  [`${" ".repeat(100)}7`, undefined],
])("parseRetryAfter(%p) is %p", (header, want) => {
  expect(parseRetryAfter(header, nowMs)).toBe(want);
});
