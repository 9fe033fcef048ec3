import { expect, test } from "bun:test";
import { joinTimes, whenFree, whenPurged } from "../../../src/registry/reading/collector-schedule.ts";

const schedule = { graceMs: 10, intervalMs: 3, deletesUntagged: false };

test.each([
  ["touched just now", 100, { fromMs: 120, byMs: 126 }],
  ["touched a while ago", 95, { fromMs: 115, byMs: 121 }],
  ["touched long ago", 0, { fromMs: 110, byMs: 116 }],
  ["touched in the future, by a wrong clock", 1000, { fromMs: 120, byMs: 126 }],
])("whenFree() of something %s", (_what, touchedMs, want) => {
  expect(whenFree(touchedMs, schedule, 100)).toEqual(want);
});

test.each([
  [100, { fromMs: 110, byMs: 113 }],
  [0, { fromMs: 100, byMs: 103 }],
  [1000, { fromMs: 110, byMs: 113 }],
])("whenPurged(%p) at 100", (trashedMs, want) => {
  expect(whenPurged(trashedMs, schedule, 100)).toEqual(want);
});

test("nobody knows when without a schedule; a span covers both", () => {
  const unscheduled = { ...schedule, intervalMs: undefined };
  expect([whenFree(0, unscheduled, 0), whenPurged(0, unscheduled, 0)]).toEqual([undefined, undefined]);
  const span = { fromMs: 5, byMs: 9 };
  expect([joinTimes(undefined, span), joinTimes(span, undefined), joinTimes(undefined, undefined)]).toEqual([
    span,
    span,
    undefined,
  ]);
  expect(joinTimes(span, { fromMs: 3, byMs: 7 })).toEqual({ fromMs: 3, byMs: 9 });
});
