import { expect, test } from "bun:test";
import { openMonitoring } from "../../../src/app/observe/monitoring.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { load } from "../../config/written-file.ts";
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
