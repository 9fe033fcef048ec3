// The schedule of mirrors, by a clock that the test turns.
import { expect, jest, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createChoreMetrics } from "../../../src/app/observe/chore-metrics.ts";
import { startSync } from "../../../src/app/transfers/sync-chore.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { stocked } from "../../registry/stocked.ts";
import { samplesOf } from "../../samples.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

async function scheduled(sync: readonly object[], more: object = {}) {
  using directory = temporaryDirectory();
  const file = join(directory.path, "config.yml");
  const storage = { filesystem: { rootdirectory: directory.path }, ...more };
  writeFileSync(file, JSON.stringify({ version: 0.1, storage, sync }));
  const { configuration } = await loadConfiguration({ path: file, env: {}, flags: {} });
  const { store, registry } = stocked();
  const lines: string[] = [];
  const logger = createLogger({ level: "info", format: "json", write: (line) => void lines.push(line), now: Date.now });
  const metrics = new Metrics();
  const chores = startSync(configuration, {
    env: {},
    store,
    told: registry,
    logger,
    metrics: createChoreMetrics(metrics, Date.now),
  });
  return { chores, lines, metrics };
}

test("without mirrors, or where nothing may be written, there is no schedule", async () => {
  expect((await scheduled([])).chores).toEqual([]);
  const readOnly = await scheduled([{ from: "ghcr.io/a" }], { maintenance: { readonly: { enabled: true } } });
  expect([readOnly.chores, readOnly.lines.join()]).toEqual([[], expect.stringContaining("read-only")]);
});

test("a mirror that cannot be reached is tried, told and counted", async () => {
  jest.useFakeTimers();
  try {
    const closed = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const { port } = closed;
    await closed.stop(true);
    const { chores, lines, metrics } = await scheduled([{ from: `127.0.0.1:${port}/app` }]);
    jest.advanceTimersByTime(10_000);
    jest.useRealTimers();
    const endMs = performance.now() + 20_000;
    const isTold = async () => (await samplesOf(metrics, /sync_runs_total.*failed/)).join().endsWith(" 1");
    while (!(await isTold()) && performance.now() < endMs) await Bun.sleep(20);
    for (const chore of chores) chore[Symbol.dispose]();
    expect(lines.join()).toContain("a mirror could not be brought up to date");
    expect(await isTold()).toBe(true);
  } finally {
    jest.useRealTimers();
  }
});
