// When garbage of this configuration is collected.
import type { Configuration } from "../../config/schema.ts";
import type { CollectorSchedule } from "../../registry/reading/collector-schedule.ts";
import type { Store } from "../../registry/store.ts";

/** As the server does it by itself; without an interval where it does not, or may not for want of file locks. */
export function scheduleOf({ gc }: Pick<Configuration, "gc">, { changes }: Pick<Store, "changes">): CollectorSchedule {
  return {
    graceMs: gc.grace,
    intervalMs: gc.isOn && changes.keepsProcessesApart() ? gc.interval : undefined,
    deletesUntagged: gc.deleteuntagged,
  };
}
