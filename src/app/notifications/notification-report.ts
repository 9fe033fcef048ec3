// What comes of notifications, as distribution's metrics and as log lines: one a minute for each endpoint at most.

import { nodeHttp } from "../../lib/late-modules.ts";
import type { Logger } from "../../log/logger.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { NotificationReport, ReportNotification } from "../../notifications/report.ts";

const lineEveryMs = 60_000;

/** Reports what comes of the notifications to these endpoints. */
export function createNotificationReport(
  endpoints: readonly string[],
  { metrics, logger, now }: { readonly metrics: Metrics; readonly logger: Logger; readonly now: () => number },
): ReportNotification {
  const count = createCount(metrics, endpoints);
  const log = createLog(logger, now);
  return (report) => {
    count(report);
    log(report);
  };
}

function createCount(metrics: Metrics, endpoints: readonly string[]): ReportNotification {
  const types = ["Events", "Successes", "Failures", "Errors"];
  const events = metrics.counter(
    { name: "registry_notifications_events_total", help: "The number of total events" },
    endpoints.flatMap((endpoint) => types.map((type) => ({ endpoint, type }))),
  );
  const waiting = metrics.gauge({
    name: "registry_notifications_pending_total",
    help: "The gauge of pending events in queue",
  });
  for (const endpoint of endpoints) waiting.set({ endpoint }, 0);
  const statuses = metrics.counter({
    name: "registry_notifications_status_total",
    help: "The number of status code",
  });
  const dropped = metrics.counter(
    { name: "registry_notifications_dropped_total", help: "Events that were given up because too many waited" },
    endpoints.map((endpoint) => ({ endpoint })),
  );
  return (report) => {
    const { endpoint } = report;
    if ("status" in report) statuses.add({ code: formatStatus(report.status), endpoint });
    switch (report.kind) {
      case "queued":
        return events.add({ endpoint, type: "Events" }, report.count);
      case "delivered":
        return events.add({ endpoint, type: "Successes" });
      case "refused":
        return events.add({ endpoint, type: "Failures" });
      case "unanswered":
        return events.add({ endpoint, type: "Errors" });
      case "dropped":
        return dropped.add({ endpoint }, report.count);
      case "waiting":
        return waiting.set({ endpoint }, report.count);
    }
  };
}

/** As Go writes it, such as `200 OK`. */
function formatStatus(status: number): string {
  return `${status} ${nodeHttp().STATUS_CODES[status] ?? ""}`;
}

/** What has happened at an endpoint since its last line. */
interface Trouble {
  failures: number;
  dropped: number;
  waiting: number;
  toldMs: number | undefined;
  isTold: boolean;
}

function createLog(logger: Logger, now: () => number): ReportNotification {
  const troubles = new Map<string, Trouble>();
  const tell = (endpoint: string, trouble: Trouble, reason: string) => {
    trouble.isTold = true;
    if (trouble.toldMs !== undefined && Math.abs(now() - trouble.toldMs) < lineEveryMs) return;
    const { failures, dropped, waiting } = trouble;
    logger.warn("notifications cannot be delivered", { endpoint, reason, failures, dropped, waiting });
    Object.assign(trouble, { failures: 0, dropped: 0, toldMs: now() });
  };
  return (report) => {
    const { endpoint } = report;
    const trouble = troubles.get(endpoint) ?? newTrouble();
    troubles.set(endpoint, trouble);
    switch (report.kind) {
      case "refused":
      case "unanswered":
        trouble.failures += 1;
        return tell(endpoint, trouble, report.reason);
      case "dropped":
        trouble.dropped += report.count;
        return tell(endpoint, trouble, "too many wait; the oldest were given up");
      case "delivered":
        if (trouble.isTold) noteRecovery(logger, report, trouble);
        return undefined;
      case "waiting":
        trouble.waiting = report.count;
        return undefined;
      case "queued":
        return undefined;
    }
  };
}

function newTrouble(): Trouble {
  return { failures: 0, dropped: 0, waiting: 0, toldMs: undefined, isTold: false };
}

/** One that fails every other time shows that once a minute too. */
function noteRecovery(logger: Logger, { endpoint }: NotificationReport, trouble: Trouble): void {
  trouble.isTold = false;
  // Nothing was said of the failure either.
  if (trouble.failures > 0) return;
  logger.info("notifications are delivered again", { endpoint, waiting: trouble.waiting });
}
