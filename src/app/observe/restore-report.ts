// Blobs restored from the trash, as log lines and a metric: it happens if a grace is shorter than a push, or a
// collector was frozen, and an operator should know.
import type { Logger } from "../../log/logger.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { Store } from "../../registry/store.ts";

/** Reports restored blobs. */
export function createRestoreReport(metrics: Metrics, logger: Logger): NonNullable<Store["noteRestored"]> {
  const help = "Blobs restored from the trash because they were needed";
  const restored = metrics.counter({ name: "registry_gc_resurrections_total", help }, [{}]);
  return (digest) => {
    restored.add({});
    logger.warn("restored a blob from the trash; is gc.grace shorter than the longest push?", { digest });
  };
}
