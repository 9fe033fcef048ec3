import { expect, test } from "bun:test";
import { evictionTimes, scheduleEviction } from "../../../src/app/caches/eviction-schedule.ts";
import { createLogger } from "../../../src/log/logger.ts";

const hourMs = 3_600_000;

test.each([
  [[168 * hourMs], 60_000, 300_000, 10_000, 60_000],
  [[0], 60_000, 300_000, 10_000, 60_000],
  [[0, 16_000], 2000, 2000, 2000, 2000],
  [[1], 1000, 1000, 1000, 1000],
])("evictionTimes(%p)", (ttlsMs, firstMs, intervalMs, soonMs, graceMs) => {
  expect(evictionTimes(ttlsMs)).toEqual({ firstMs, intervalMs, soonMs, graceMs });
});

function start(times: { firstMs: number; intervalMs: number }, outcome: () => Promise<number>) {
  const lines: string[] = [];
  const logger = createLogger({ level: "info", format: "json", write: (line) => void lines.push(line), now: () => 0 });
  let runs = 0;
  let wake = Promise.withResolvers<void>();
  const schedule = scheduleEviction({
    times: { ...times, soonMs: 1, graceMs: 1 },
    maxBytes: 1000,
    logger,
    evict: async () => {
      runs += 1;
      wake.resolve();
      wake = Promise.withResolvers();
      return { revisions: 0, layers: 0, freedBytes: await outcome() };
    },
  });
  return { schedule, lines, runs: () => runs, next: () => wake.promise };
}

test("a cleaning comes again and again, also after a failure", async () => {
  const { schedule, lines, next } = start({ firstMs: 1, intervalMs: 1 }, () => Promise.reject(new Error("no")));
  await next();
  await next();
  schedule[Symbol.dispose]();
  expect(JSON.parse(lines[0] ?? "{}")).toMatchObject({ level: "error", msg: "evicting from the cache failed" });
});

test("much that comes in brings it soon, and little does not", async () => {
  const { schedule, lines, runs, next } = start({ firstMs: hourMs, intervalMs: hourMs }, async () => 1_500_000);
  schedule.received(49);
  await new Promise((resolve) => setTimeout(resolve, 10));
  const before = runs();
  const coming = next();
  schedule.received(1);
  await coming;
  await new Promise(setImmediate);
  schedule[Symbol.dispose]();
  expect([before, runs(), JSON.parse(lines[0] ?? "{}").freed]).toEqual([0, 1, "1.5 MB"]);
});
