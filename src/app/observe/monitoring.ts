// What the registry shows to monitoring: metrics and health.
import type { Configuration } from "../../config/schema.ts";
import { Health } from "../../http/health.ts";
import type { WatchRequest } from "../../http/request-watch.ts";
import type { Logger } from "../../log/logger.ts";
import { Metrics } from "../../metrics/metrics.ts";
import type { Store } from "../../registry/store.ts";
import { type ChoreMetrics, createChoreMetrics } from "./chore-metrics.ts";
import { addProcessMetrics } from "./process-metrics.ts";
import { createRequestMetrics } from "./request-metrics.ts";
import { withStorageMetrics } from "./storage-metrics.ts";

/** The means of watching. */
export interface Monitoring {
  readonly metrics: Metrics;
  readonly health: Health;
  readonly chores: ChoreMetrics;
  /** Undefined if metrics are not served. */
  readonly watch: WatchRequest | undefined;
  /** The same store, watched. */
  watchStore(store: Store): Store;
}

/** Makes them; calls of the store and requests are measured only if metrics are served. */
export function openMonitoring(
  { http }: Configuration,
  dependencies: {
    readonly logger: Logger;
    readonly now: () => number;
    /** Hears of all problems when one has come or gone. */
    readonly tellHealth?: ConstructorParameters<typeof Health>[0];
  },
): Monitoring {
  const { logger, now } = dependencies;
  const metrics = new Metrics();
  const { enabled: isServed } = http.debug.prometheus;
  if (isServed) addProcessMetrics(metrics);
  const health = new Health(dependencies.tellHealth);
  const help = "Health checks that fail now; while there is one, requests are answered with 503";
  metrics.read(
    "gauge",
    { name: "registry_health_problems", help, merging: "first" },
    () => Object.keys(health.problems()).length,
  );
  const noteRestored = createRestoreReport(metrics, logger);
  return {
    metrics,
    health,
    chores: createChoreMetrics(metrics, now),
    watch: isServed ? createRequestMetrics(metrics) : undefined,
    watchStore: (store) => {
      const watched = { ...store, noteRestored };
      return isServed ? withStorageMetrics(watched, metrics) : watched;
    },
  };
}

/** Reports restored blobs. */
export function createRestoreReport(metrics: Metrics, logger: Logger): NonNullable<Store["noteRestored"]> {
  const help = "Blobs restored from the trash because they were needed";
  const restored = metrics.counter({ name: "registry_gc_resurrections_total", help }, [{}]);
  return (digest) => {
    restored.add({});
    logger.warn("restored a blob from the trash; is gc.grace shorter than the longest push?", { digest });
  };
}
