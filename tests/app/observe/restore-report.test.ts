import { expect, test } from "bun:test";
import { createRestoreReport } from "../../../src/app/observe/restore-report.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { blobKey } from "../../../src/registry/layout.ts";
import { openRegistry } from "../../../src/registry/registry.ts";
import { named, pushBlob, stocked } from "../../registry/stocked.ts";

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
