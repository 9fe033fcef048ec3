// Opens the configured notifications: a journal where the store is, and the endpoints.
import type { Configuration } from "../../config/schema.ts";
import { nodeTls } from "../../lib/late-modules.ts";
import type { Logger } from "../../log/logger.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { EventSink } from "../../notifications/announcer.ts";
import { type Endpoint, Notifier } from "../../notifications/notifier.ts";
import { withEvents } from "../../registry/events.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Store } from "../../registry/store.ts";
import type { BucketObjects } from "../../storage/s3/bucket-objects.ts";
import { repeat } from "../timer.ts";
import { configuredEndpoints, describeFor } from "./announced.ts";
import { createNotificationReport } from "./notification-report.ts";
import { canTakeOver, openJournal } from "./open-journal.ts";

/** What notifications need from the process. */
export interface NotificationDependencies {
  readonly store: Store;
  readonly dataDirectory: string;
  /** Objects that nobody else may read, of a store in a bucket. */
  readonly secrets: BucketObjects | undefined;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** By which receivers know this registry from its start to its end. */
  readonly instanceId: string;
}

/** The notifications of a process. */
export interface OpenedNotifications {
  /** The same registry, whose endpoints are told what is done. */
  wrap(registry: Registry): Registry;
  /** Where events of other processes wait; undefined without an endpoint. */
  readonly sink: EventSink | undefined;
  /** Delivers what can be delivered within this time; the rest waits for the next start. */
  stop(withinMs: number): Promise<void>;
}

/** How long the events of a process that died wait for another one. */
const takeOverEveryMs = 60_000;

/** Without an endpoint the registry stays as it is. */
export function openNotifications(
  configuration: Configuration,
  dependencies: NotificationDependencies,
): OpenedNotifications {
  const endpoints = endpointsOf(configuration);
  if (endpoints.length === 0) return { wrap: (registry) => registry, sink: undefined, stop: async () => undefined };
  const notifier = createNotifier(configuration, endpoints, dependencies);
  const taking = takeOver(notifier, configuration, dependencies);
  return {
    wrap: (registry) => withEvents(registry, (event) => notifier.notify(event)),
    sink: notifier,
    stop: async (withinMs) => {
      taking?.[Symbol.dispose]();
      await notifier.stop(withinMs);
    },
  };
}

function createNotifier(
  configuration: Configuration,
  endpoints: readonly Endpoint[],
  dependencies: NotificationDependencies,
): Notifier {
  const { store, logger, metrics, instanceId } = dependencies;
  const { now } = store;
  return new Notifier({
    ...describeFor(configuration, { store, instanceId }),
    endpoints,
    openJournal: openJournal(configuration, dependencies),
    report: createNotificationReport(
      endpoints.map(({ name }) => name),
      { metrics, logger, now },
    ),
    fetch,
  });
}

/** Takes over what other processes left: at once, and while this one runs. */
function takeOver(
  notifier: Notifier,
  configuration: Configuration,
  dependencies: NotificationDependencies,
): Disposable | undefined {
  const report = (error: unknown) =>
    dependencies.logger.error("waiting notifications cannot be read", { error: String(error) });
  const when = canTakeOver(configuration, dependencies);
  if (when !== "never") void notifier.takeOver().catch(report);
  if (when !== "always") return undefined;
  const schedule = { firstMs: takeOverEveryMs, intervalMs: takeOverEveryMs, report };
  return repeat(() => notifier.takeOver(), schedule);
}

function endpointsOf(configuration: Configuration): readonly Endpoint[] {
  return configuredEndpoints(configuration).map(({ url = "", headers, timeout, threshold, backoff, ...interest }) => ({
    ...interest,
    url,
    headers,
    timeoutMs: timeout,
    threshold,
    backoffMs: backoff,
    authorities: url.startsWith("https:") ? trustedAuthorities() : undefined,
  }));
}

/** The system's as well: a receiver inside a company mostly has a certificate of an authority of its own. */
function trustedAuthorities(): readonly string[] {
  return [...new Set([...nodeTls().getCACertificates("default"), ...nodeTls().getCACertificates("system")])];
}
