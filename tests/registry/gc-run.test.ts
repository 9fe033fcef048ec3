import { expect, test } from "bun:test";
import { type GcOptions, startRun } from "../../src/registry/gc-run.ts";
import { digestOf, stocked } from "./stocked.ts";

const options: GcOptions = {
  graceMs: 1000,
  deletesUntagged: false,
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

test("startRun() is stale when more than half of the grace has gone, and never without a grace", () => {
  const stock = stocked();
  const [run, hasty] = [startRun(stock.store, options), startRun(stock.store, { ...options, graceMs: 0 })];
  stock.wait(500);
  const before = run.isStale();
  stock.wait(1);
  expect([before, run.isStale(), hasty.isStale()]).toEqual([false, true, false]);
});

test("startRun() never gives a name in the trash twice", () => {
  const { store } = stocked();
  const digest = digestOf("x");
  const runs = [startRun(store, options), startRun(store, options)];
  const names = runs.flatMap((run) => [run.nextTrashName(digest), run.nextTrashName(digest)]);
  expect(new Set(names).size).toBe(4);
});
