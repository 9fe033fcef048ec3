import { describe, expect, test } from "bun:test";
import { Delivery, type DeliveryOptions } from "../../src/notifications/delivery.ts";
import type { NotificationReport } from "../../src/notifications/report.ts";
import type { PostOutcome } from "../../src/notifications/webhook.ts";
import { until } from "./made-events.ts";

const ok: PostOutcome = { kind: "delivered", status: 200 };
const failed: PostOutcome = { kind: "refused", status: 500, reason: "status 500" };

/** A delivery whose posts have these outcomes; the last one stays. */
function delivering(outcomes: readonly PostOutcome[], changes: Partial<DeliveryOptions> = {}) {
  const posted: string[] = [];
  const reports: NotificationReport[] = [];
  const delivery = new Delivery({
    endpoint: "ci",
    threshold: 3,
    backoffMs: 1,
    maxPassing: 10,
    post: async (body) => {
      posted.push(JSON.parse(body).events[0]);
      return outcomes[Math.min(posted.length, outcomes.length) - 1] ?? ok;
    },
    report: (report) => void reports.push(report),
    ...changes,
  });
  const count = (kind: NotificationReport["kind"]) => reports.filter((report) => report.kind === kind).length;
  return { delivery, posted, reports, count };
}

function lasting(text: string, isDropped = () => false) {
  const done: string[] = [];
  return { done, event: { isDropped, read: async () => JSON.stringify(text), done: () => void done.push(text) } };
}

describe("Delivery", () => {
  test("delivers events in their order and says that they are done", async () => {
    const { delivery, posted, count } = delivering([ok]);
    const events = ["a", "b", "c"].map((text) => lasting(text));
    for (const { event } of events) delivery.addLasting(event);
    delivery.addPassing('"pull"');
    await delivery.stop(10_000);
    expect([posted, events.flatMap(({ done }) => done), count("delivered"), count("queued")]).toEqual([
      ["a", "b", "c", "pull"],
      ["a", "b", "c"],
      4,
      4,
    ]);
  });

  test("tries an event until it is taken", async () => {
    const { delivery, posted, count, reports } = delivering([failed, failed, failed, failed, failed, ok]);
    const { event, done } = lasting("a");
    delivery.addLasting(event);
    await until("it is delivered", () => done.length === 1);
    expect([posted.length, count("refused"), count("delivered")]).toEqual([6, 5, 1]);
    expect(reports.findLast(({ kind }) => kind === "waiting")).toEqual({ kind: "waiting", endpoint: "ci", count: 0 });
    await delivery.stop(10_000);
  });

  test("rests after the threshold, and counts what is being tried as waiting", async () => {
    const { delivery, posted, reports } = delivering([failed], { backoffMs: 3_600_000 });
    delivery.addLasting(lasting("a").event);
    delivery.addLasting(lasting("b").event);
    await until("the threshold is reached", () => posted.length === 3);
    for (let turn = 0; turn < 10; turn += 1) await Bun.sleep(0);
    expect([posted, reports.findLast(({ kind }) => kind === "waiting")]).toEqual([
      ["a", "a", "a"],
      { kind: "waiting", endpoint: "ci", count: 2 },
    ]);
    await delivery.stop(10_000);
    expect(posted.length).toBe(3);
  });

  test("stops in time although the receiver hangs, and leaves the event where it is", async () => {
    const hanging = (_: string, stop: AbortSignal) =>
      new Promise<PostOutcome>((resolve) =>
        stop.addEventListener("abort", () => resolve({ kind: "unanswered", reason: "stopped" })),
      );
    const { delivery, count } = delivering([], { post: hanging });
    const { event, done } = lasting("a");
    delivery.addLasting(event);
    await delivery.stop(10);
    expect([done, count("unanswered")]).toEqual([[], 0]);
  });

  test("gives events up that the journal has dropped, also one that is being tried", async () => {
    let isDropped = false;
    const { delivery, posted, reports } = delivering([failed]);
    for (const text of ["a", "b"]) delivery.addLasting(lasting(text, () => isDropped).event);
    await until("it is tried", () => posted.length > 0);
    isDropped = true;
    delivery.removeDropped();
    const dropped = () => reports.reduce((sum, report) => sum + (report.kind === "dropped" ? report.count : 0), 0);
    await until("both are given up", () => dropped() === 2);
    await delivery.stop(10_000);
    expect(posted.includes("b")).toBe(false);
  });

  test("drops the oldest of too many passing events", async () => {
    const { delivery, reports } = delivering([failed], { maxPassing: 2, backoffMs: 3_600_000, threshold: 1 });
    for (const text of ["1", "2", "3", "4"]) delivery.addPassing(text);
    expect(reports.some(({ kind }) => kind === "dropped")).toBe(true);
    await delivery.stop(10_000);
  });

  test("passes over a line that is damaged", async () => {
    const { delivery, posted, count } = delivering([ok]);
    const { event, done } = lasting("a");
    delivery.addLasting({ ...event, read: async () => "{" });
    delivery.addLasting(event);
    await delivery.stop(10_000);
    expect([posted, count("unanswered"), done]).toEqual([["a"], 1, ["a", "a"]]);
  });
});
