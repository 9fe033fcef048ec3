// Opens the configured notifications: a journal below the root of the store, and the endpoints.
import { join } from "node:path";
import type { Configuration } from "../../config/schema.ts";
import { nodeTls } from "../../lib/late-modules.ts";
import type { Logger } from "../../log/logger.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { EventSink } from "../../notifications/announcer.ts";
import { type Endpoint, Notifier } from "../../notifications/notifier.ts";
import { withEvents } from "../../registry/events.ts";
import type { Registry } from "../../registry/registry.ts";
import type { Store } from "../../registry/store.ts";
import { isInMemory } from "../../storage/filesystem-root.ts";
import { openFlock } from "../../storage/flock.ts";
import { Journal } from "../../storage/journal.ts";
import { notificationsPlace } from "../../storage/places.ts";
import { repeat } from "../timer.ts";
import { configuredEndpoints, describeFor } from "./announced.ts";
import { createNotificationReport } from "./notification-report.ts";

/** What notifications need from the process. */
export interface NotificationDependencies {
  readonly store: Store;
  readonly dataDirectory: string;
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

const maxBytes = 64 * 1024 * 1024;
const fileBytes = 1024 * 1024;
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
  const taking = takeOver(notifier, dependencies);
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
  { store, dataDirectory, logger, metrics, instanceId }: NotificationDependencies,
): Notifier {
  const { now, changes } = store;
  const directory = join(dataDirectory, notificationsPlace);
  return new Notifier({
    ...describeFor(configuration, { store, instanceId }),
    endpoints,
    openJournal: (hearer) =>
      new Journal({
        ...hearer,
        directory,
        flock: changes.keepsProcessesApart() ? openFlock() : undefined,
        isDurable: configuration.storage.filesystem.durable && !isInMemory(dataDirectory),
        maxBytes,
        fileBytes,
        now,
      }),
    report: createNotificationReport(
      endpoints.map(({ name }) => name),
      { metrics, logger, now },
    ),
    fetch,
  });
}

/** Takes over what other processes left: at once, and while this one runs. */
function takeOver(notifier: Notifier, { store, logger }: NotificationDependencies): Disposable | undefined {
  const report = (error: unknown) => logger.error("waiting notifications cannot be read", { error: String(error) });
  void notifier.takeOver().catch(report);
  // Without locks nobody can tell the files of a process that died from those of one that works.
  if (!store.changes.keepsProcessesApart()) return undefined;
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
