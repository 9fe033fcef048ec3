import { expect, test } from "bun:test";
import { createNotificationReport } from "../../../src/app/notifications/notification-report.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";

function reporting() {
  const clock = { ms: 0 };
  const lines: string[] = [];
  const now = () => clock.ms;
  const logger = createLogger({ level: "info", format: "json", write: (line) => void lines.push(line), now });
  const metrics = new Metrics();
  const report = createNotificationReport(["ci"], { metrics, logger, now });
  const logged = () => lines.map((line) => JSON.parse(line)).map(({ time: _, ...fields }) => fields);
  return { clock, metrics, report, logged };
}

const endpoint = "ci";
const failed = { kind: "refused", endpoint, status: 500, reason: "status 500" } as const;

test("counts with distribution's names and labels", async () => {
  const { metrics, report } = reporting();
  report({ kind: "queued", endpoint, count: 1 });
  report({ kind: "waiting", endpoint, count: 1 });
  report(failed);
  report({ kind: "unanswered", endpoint, reason: "no answer" });
  report({ kind: "delivered", endpoint, status: 200 });
  report({ kind: "dropped", endpoint, count: 3 });
  const samples = (await metrics.format()).split("\n").filter((line) => !line.startsWith("#") && line !== "");
  expect(samples).toEqual([
    'registry_notifications_events_total{endpoint="ci",type="Events"} 1',
    'registry_notifications_events_total{endpoint="ci",type="Successes"} 1',
    'registry_notifications_events_total{endpoint="ci",type="Failures"} 1',
    'registry_notifications_events_total{endpoint="ci",type="Errors"} 1',
    'registry_notifications_pending_total{endpoint="ci"} 1',
    'registry_notifications_status_total{code="500 Internal Server Error",endpoint="ci"} 1',
    'registry_notifications_status_total{code="200 OK",endpoint="ci"} 1',
    'registry_notifications_dropped_total{endpoint="ci"} 3',
  ]);
});

test("an endpoint that is down for a day costs a line a minute, and one when it is back", () => {
  const { clock, report, logged } = reporting();
  report({ kind: "waiting", endpoint, count: 7 });
  for (let second = 0; second < 24 * 3600; second += 1) {
    clock.ms = second * 1000;
    report(failed);
  }
  clock.ms += 60_000;
  report({ kind: "dropped", endpoint, count: 2 });
  report({ kind: "delivered", endpoint, status: 200 });
  report({ kind: "delivered", endpoint, status: 200 });
  const lines = logged();
  const line = { level: "warning", msg: "notifications cannot be delivered", endpoint };
  expect([lines.length, lines[0], lines[1], ...lines.slice(-2)]).toEqual([
    24 * 60 + 2,
    { ...line, reason: "status 500", failures: 1, dropped: 0, waiting: 7 },
    { ...line, reason: "status 500", failures: 60, dropped: 0, waiting: 7 },
    { ...line, reason: "too many wait; the oldest were given up", failures: 59, dropped: 2, waiting: 7 },
    { level: "info", msg: "notifications are delivered again", endpoint, waiting: 7 },
  ]);
});

test("one that fails every other time costs no more", () => {
  const { clock, report, logged } = reporting();
  for (let second = 0; second < 120; second += 1) {
    clock.ms = second * 1000;
    report(failed);
    report({ kind: "delivered", endpoint, status: 200 });
  }
  expect(logged().filter(({ level }) => level === "warning").length).toBe(2);
  expect(logged().length).toBeLessThanOrEqual(4);
});
