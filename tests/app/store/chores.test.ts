import { expect, test } from "bun:test";
import { createChoreMetrics } from "../../../src/app/observe/chore-metrics.ts";
import { abandonedAfterMs, describeHolder, startChores } from "../../../src/app/store/chores.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { anonymous } from "../../../src/registry/actor.ts";
import { noteRun } from "../../../src/registry/last-runs.ts";
import { tagCurrentLink, uploadKey } from "../../../src/registry/layout.ts";
import { named, pushImage, stockedOn, tagged, utf8 } from "../../registry/stocked.ts";
import { samplesOf } from "../../samples.ts";
import { answering, intercept } from "../../storage/intercepted.ts";
import { openMemory } from "../../storage/memory.ts";

/** Starts the chores over a registry in memory; gives the lines of the log as they come. */
async function chores(env: Readonly<Record<string, string>>, driver = openMemory(), hasOtherNodes = false) {
  const { promise: collected, resolve: noteCollected } = Promise.withResolvers<void>();
  const { promise: checked, resolve: noteChecked } = Promise.withResolvers<void>();
  const lines: string[] = [];
  const write = (line: string) => {
    lines.push(line);
    if (/collected garbage|collection failed/.test(line)) noteCollected();
    if (/checked everything|check failed/.test(line)) noteChecked();
  };
  const metrics = new Metrics();
  const logger = createLogger({ level: "info", format: "text", write, now: Date.now });
  const stock = stockedOn(driver);
  await pushImage(stock, "app", { tag: "1" });
  await stock.store.objects.put(tagCurrentLink(named("broken"), tagged("1")), utf8(""));
  const { configuration } = await loadConfiguration({ path: undefined, env, flags: {} });
  const started = startChores(configuration, {
    store: stock.store,
    renew: async () => undefined,
    logger,
    metrics: createChoreMetrics(metrics, Date.now),
    hasOtherNodes,
  });
  return {
    lines,
    metrics,
    collected,
    checked,
    started,
    dispose: () => {
      for (const chore of started) chore[Symbol.dispose]();
    },
  };
}

test("garbage is collected by the schedule, and findings are logged", async () => {
  const { lines, collected, dispose } = await chores({ REGISTRY_GC_INTERVAL: "1ms" });
  await collected;
  dispose();
  expect(lines[0]).toContain("tags/1/current/link is empty or malformed");
  expect(lines[1]).toMatch(/collected garbage.*repositories=2.*findings=1.*freed="0 B"/);
});

test("what chores did, and that they failed, is counted", async () => {
  const well = await chores({ REGISTRY_GC_INTERVAL: "1ms", REGISTRY_VERIFY: "{interval: 1ms}" });
  await Promise.all([well.collected, well.checked]);
  well.dispose();
  const fail = () => Promise.reject(new Error("EIO"));
  const failing = await chores(
    { REGISTRY_GC_INTERVAL: "1ms", REGISTRY_VERIFY: "{interval: 1ms}" },
    answering(openMemory(), { objects: { list: fail, names: fail }, trash: { list: fail } }),
  );
  await Promise.all([failing.collected, failing.checked]);
  failing.dispose();
  const counted = /^registry_(gc|verify)_runs.*(done|failed).* [1-9]/;
  const outcomes = async (metrics: Metrics) =>
    (await samplesOf(metrics, counted)).map((line) => line.replace(/ \d+$/, ""));
  expect([await outcomes(well.metrics), await outcomes(failing.metrics)]).toEqual([
    ['registry_gc_runs_total{outcome="done"}', 'registry_verify_runs_total{outcome="done"}'],
    ['registry_gc_runs_total{outcome="failed"}', 'registry_verify_runs_total{outcome="failed"}'],
  ]);
});

/** A registry with an upload that rests, and what the server logs when it has looked for such. */
async function purged(env: Readonly<Record<string, string>>) {
  const { promise, resolve } = Promise.withResolvers<string>();
  const write = (line: string) => {
    if (/purged? /.test(line)) resolve(line);
  };
  const metrics = new Metrics();
  const logger = createLogger({ level: "info", format: "text", write, now: Date.now });
  const stock = stockedOn(openMemory());
  const id = await stock.registry.repository(named("app"), anonymous()).uploads.start("sha256");
  const prefix = "REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING";
  const settings = { REGISTRY_GC: "false", [`${prefix}_INTERVAL`]: "1ms", [`${prefix}_AGE`]: "1ns", ...env };
  const { configuration } = await loadConfiguration({ path: undefined, env: settings, flags: {} });
  const started = startChores(configuration, {
    store: stock.store,
    renew: async () => undefined,
    logger,
    metrics: createChoreMetrics(metrics, Date.now),
  });
  const line = await promise;
  for (const chore of started) chore[Symbol.dispose]();
  const isThere = (await stock.store.objects.stat(uploadKey(named("app"), id))) !== undefined;
  return { line, isThere };
}

test("uploads that rest for longer than the configured age are purged", async () => {
  expect(await purged({})).toEqual({ line: expect.stringContaining("purged abandoned uploads"), isThere: false });
});

test("uploads are only told of where the configuration says so", async () => {
  const { line, isThere } = await purged({ REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_DRYRUN: "true" });
  expect([line, isThere]).toEqual([expect.stringContaining("would purge an abandoned upload"), true]);
});

test.each([
  ["{age: 5s}", 5000],
  ["{age: 5s, enabled: false}", Number.POSITIVE_INFINITY],
  ["{age: 5s, dryrun: true}", Number.POSITIVE_INFINITY],
])("abandonedAfterMs() with %s is %d", async (section, want) => {
  const env = { REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING: section };
  const { configuration } = await loadConfiguration({ path: undefined, env, flags: {} });
  expect(abandonedAfterMs(configuration)).toBe(want);
});

test("a server that purges no uploads has no chore for it", async () => {
  const { started, dispose } = await chores({ REGISTRY_STORAGE_MAINTENANCE_UPLOADPURGING_ENABLED: "false" });
  dispose();
  expect(started).toHaveLength(2);
});

test("without a word about it nothing is collected", async () => {
  const { started, dispose } = await chores({ REGISTRY_GC: "false" });
  dispose();
  expect(started).toHaveLength(2);
});

test("describeHolder() tells process, host and start", () => {
  expect(describeHolder(0)).toMatch(/^process \d+ on \S+, since 1970-01-01T00:00:00Z$/);
});

test("everything stored is checked by the schedule", async () => {
  const { lines, checked, dispose } = await chores({
    REGISTRY_GC: "false",
    REGISTRY_VERIFY_INTERVAL: "1ms",
    REGISTRY_VERIFY: "true",
  });
  await checked;
  dispose();
  expect(lines[0]).toMatch(/level=error.*found a problem.*severity=lost/);
  expect(lines[1]).toMatch(/checked everything stored.*repositories=2.*lost=1/);
});

test("of several nodes with one schedule, one does what is due", async () => {
  const env = { REGISTRY_GC_INTERVAL: "20ms", REGISTRY_VERIFY: "{interval: 20ms}" };
  const looks: string[] = [];
  const driver = intercept(openMemory(), { objects: { read: (key) => void (/last-/.test(key) && looks.push(key)) } });
  const { store } = stockedOn(driver);
  const [justNow, longAgo] = [
    { ...store, now: () => Date.now() + 3_600_000 },
    { ...store, now: () => 0 },
  ];
  for (const kind of ["collection", "check"] as const) await noteRun(justNow, kind, {});
  const idle = await chores(env, driver, true);
  while (new Set(looks).size < 2 || looks.length < 6) await Bun.sleep(1);
  idle.dispose();
  for (const kind of ["collection", "check"] as const) await noteRun(longAgo, kind, {});
  const busy = await chores(env, driver, true);
  await Promise.all([busy.collected, busy.checked]);
  busy.dispose();
  expect(idle.lines).toEqual([]);
});
