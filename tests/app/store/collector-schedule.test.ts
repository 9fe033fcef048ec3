import { expect, test } from "bun:test";
import { scheduleOf } from "../../../src/app/store/collector-schedule.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { answering } from "../../storage/intercepted.ts";
import { openMemory } from "../../storage/memory.ts";

const hour = 3_600_000;

test("scheduleOf() is what the server does by itself", async () => {
  const { configuration } = await loadConfiguration({ path: undefined, env: {}, flags: {} });
  const apart = openMemory();
  const alone = answering(openMemory(), { locks: { keepsProcessesApart: () => false } });
  const schedule = { graceMs: 24 * hour, intervalMs: 24 * hour, deletesUntagged: false };
  expect(scheduleOf(configuration, apart)).toEqual(schedule);
  expect(scheduleOf(configuration, alone)).toEqual({ ...schedule, intervalMs: undefined });
  const off = { gc: { ...configuration.gc, isOn: false } };
  expect(scheduleOf(off, apart)).toEqual({ ...schedule, intervalMs: undefined });
});
