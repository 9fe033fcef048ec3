import { expect, test } from "bun:test";
import { type GcOptions, startRun } from "../../../src/registry/gc/run.ts";
import { stockedBucket } from "../on-bucket.ts";
import { stocked } from "../stocked.ts";

const options: GcOptions = {
  graceMs: 1000,
  deletesUntagged: false,
  rules: { urls: "any", children: "all" },
  isDryRun: false,
  uploadAgeMs: 0,
  note: "",
  report: () => undefined,
};

test("startRun() judges ages by the clock, and a time in the future as now", () => {
  const stock = stocked();
  const run = startRun(stock.store, options);
  const now = stock.store.now();
  expect([now - 1000, now - 999, now, now + 5000].map(run.isYoung)).toEqual([false, true, true, true]);
});

test("startRun() spares bytes that were changed later than half of the grace before it, and none without a grace", () => {
  const stock = stocked();
  const [run, hasty] = [startRun(stock.store, options), startRun(stock.store, { ...options, graceMs: 0 })];
  const startedMs = stock.store.now();
  stock.wait(10_000);
  expect([startedMs - 501, startedMs - 500, startedMs + 1].map(run.mayBeLinked)).toEqual([false, true, true]);
  expect(hasty.mayBeLinked(startedMs + 1)).toBe(false);
});

test("startRun() spares manifests that may be about to get a tag where nobody waits for anybody, whatever the grace", () => {
  using bucket = stockedBucket();
  const stocks = [stocked(), bucket.stock];
  const spared = stocks.map(({ store }) =>
    [1000, 240_000, 600_000].map((ageMs) =>
      startRun(store, { ...options, graceMs: 0 }).mayBeRelied(store.now() - ageMs),
    ),
  );
  expect(spared).toEqual([
    [false, false, false],
    [true, true, false],
  ]);
});
