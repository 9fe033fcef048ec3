import { expect, test } from "bun:test";
import { createRestoreReport, openMonitoring } from "../../../src/app/observe/monitoring.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { blobKey } from "../../../src/registry/layout.ts";
import { openRegistry } from "../../../src/registry/registry.ts";
import { load } from "../../config/written-file.ts";
import { named, pushBlob, stocked } from "../../registry/stocked.ts";
import { samplesOf } from "../../samples.ts";
import { openMemory } from "../../storage/memory.ts";

const logger = createLogger({ level: "info", format: "text", write: () => undefined, now: () => 0 });

/** What is measured after one call of the store. */
async function measured(debug: string) {
  const { configuration } = await load({ text: `version: 0.1\nhttp: {debug: ${debug}}\n` });
  const monitoring = openMonitoring(configuration, { logger, now: () => 0 });
  const store = monitoring.watchStore({ ...openMemory(), now: () => 0, uuid: () => "id" });
  await store.objects.stat("a");
  const isStoreMeasured = (await samplesOf(monitoring.metrics, /storage_action/)).length > 0;
  return [monitoring.watch !== undefined, isStoreMeasured, store.noteRestored !== undefined];
}

test("requests and calls of the store are measured only where metrics are served", async () => {
  expect([await measured("{}"), await measured("{prometheus: {enabled: true}}")]).toEqual([
    [false, false, true],
    [true, true, true],
  ]);
});

test("checks that fail are counted", async () => {
  const { configuration } = await load({ text: "version: 0.1\n" });
  const { metrics, health } = openMonitoring(configuration, { logger, now: () => 0 });
  health.note("tcp", "refused");
  health.switchTo("down");
  expect(await samplesOf(metrics, /health/)).toEqual(["registry_health_problems 2"]);
});

test("bytes that somebody needed and that lay in the trash are counted and told of, once for each time", async () => {
  const metrics = new Metrics();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  const logger = createLogger({ level: "info", format: "text", write, now: Date.now });
  const noteRestored = createRestoreReport(metrics, logger);
  expect(await metrics.format()).toContain("\nregistry_gc_resurrections_total 0\n");

  const stock = stocked();
  const digest = await pushBlob(stock, "app", "x");
  const hex = digest.slice("sha256:".length);
  await stock.store.trash.discard(blobKey(digest), `blobs/sha256/${hex.slice(0, 2)}/${hex}.sleeper-1`);
  const registry = openRegistry({ ...stock.store, noteRestored }, { rules: { urls: "any", children: "all" } });
  await registry.repository(named("app"), anonymous()).blobs.promise(digest);
  await registry.repository(named("app"), anonymous()).blobs.open(digest);
  expect(await metrics.format()).toContain("\nregistry_gc_resurrections_total 1\n");
  expect(lines).toEqual([expect.stringMatching(new RegExp(`level=warning .*restored a blob.*${digest}`))]);
});
