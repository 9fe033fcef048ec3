import { expect, test } from "bun:test";
import type { StartOrder } from "../../../src/app/workers/messages.ts";
import { restartPauseMs, type SlotTimes, WorkerSlot } from "../../../src/app/workers/worker-slot.ts";
import type { Figures } from "../../../src/metrics/figures.ts";
import { until } from "../../notifications/made-events.ts";
import { fakeWorkers, listLogger } from "./fake-workers.ts";

function slotted(times: Partial<SlotTimes> = {}) {
  const { spawn, workers } = fakeWorkers();
  const { logger, lines } = listLogger();
  const pauses: number[] = [];
  const pauseMs = (failures: number) => {
    pauses.push(failures);
    return 1;
  };
  const order = (number: number) => ({ number }) as StartOrder;
  const heard: string[] = [];
  const slot = new WorkerSlot({
    number: 2,
    spawn,
    order,
    isFollowed: () => true,
    logger,
    hear: (report) => heard.push(report.kind),
    times: { measureMs: 5, endMs: 5, pauseMs, ...times },
  });
  const worker = (index = 0) => {
    const found = workers[index];
    if (found === undefined) throw new Error(`no worker ${index}`);
    return found;
  };
  return { slot, worker, workers, lines, pauses, heard };
}

const counted = (value: number): Figures[] => [
  { name: "requests", help: "R", kind: "counter", samples: [["requests", value]] },
  { name: "inFlight", help: "I", kind: "gauge", samples: [["inFlight", value]] },
];

test("a worker is told what it begins with, and counts as serving when it says so", async () => {
  const { slot, worker, heard } = slotted();
  slot.start();
  const before = slot.isServing;
  worker().onReport({ kind: "serving", port: 5 });
  expect([before, slot.isServing, await slot.first.promise, worker().orders, heard]).toEqual([
    false,
    true,
    undefined,
    [{ kind: "start", number: 2 } as never],
    ["serving"],
  ]);
  const stopping = slot.stop(0);
  worker().onReport({ kind: "stopped", cutCount: 3, figures: [] });
  expect([await stopping, slot.isServing]).toEqual([3, false]);
});

test("a worker that ends is followed by another one, with a pause that counts failures in a row", async () => {
  const { slot, worker, workers, lines, pauses } = slotted();
  slot.start();
  worker().onReport({ kind: "failed", problem: "the port is taken" });
  worker().onEnd("exit code 1");
  await until("the second one", () => workers.length === 2);
  worker(1).onEnd("signal SIGKILL");
  await until("the third one", () => workers.length === 3);
  expect([await slot.first.promise, pauses, slot.restartCount, lines]).toEqual([
    "the port is taken",
    [1, 2],
    2,
    [
      ["a worker ended; another one is started", { worker: 2, pid: 1, reason: "the port is taken", pauseMs: 1 }],
      ["a worker ended; another one is started", { worker: 2, pid: 2, reason: "signal SIGKILL", pauseMs: 1 }],
    ],
  ]);
  await slot.stop(0);
});

test("after a calm time an end is the first one again", async () => {
  const { slot, worker, workers, pauses } = slotted({ calmMs: 0 });
  slot.start();
  for (const index of [0, 1]) {
    await until("it starts", () => workers.length === index + 1);
    worker(index).onReport({ kind: "serving", port: 1 });
    worker(index).onEnd("exit code 1");
  }
  expect(pauses).toEqual([1, 1]);
  await slot.stop(0);
});

test("a worker that cannot be started at all is tried again", async () => {
  const { logger, lines } = listLogger();
  const times = { pauseMs: () => 1 };
  let tries = 0;
  const spawn = () => {
    tries += 1;
    throw new Error("EAGAIN");
  };
  const order = () => ({}) as StartOrder;
  const slot = new WorkerSlot({ number: 1, spawn, order, isFollowed: () => true, logger, hear: () => {}, times });
  slot.start();
  await until("it is tried again", () => tries > 1);
  await slot.stop(0);
  expect([await slot.first.promise, lines.length > 0]).toEqual(["EAGAIN", true]);
});

test("a worker that hangs is ended; one that reports is not", async () => {
  const { slot, worker, workers, lines } = slotted({ lookMs: 2, mostMissed: 5 });
  slot.start();
  const alive = setInterval(() => worker().onReport({ kind: "alive", receivedBytes: 0 }), 1);
  await Bun.sleep(50);
  const wasKilled = worker().isKilled();
  clearInterval(alive);
  await until("another one is started", () => workers.length === 2);
  expect([wasKilled, worker().isKilled(), JSON.stringify(lines)]).toEqual([
    false,
    true,
    expect.stringContaining("it hung for"),
  ]);
  await slot.stop(0);
});

test("what a worker has counted stays when it ends, as it was when it was last asked, and is bounded in time", async () => {
  const { slot, worker, workers } = slotted();
  slot.start();
  worker().onReport({ kind: "serving", port: 1 });
  const measuring = slot.figures();
  worker().onReport({ kind: "measured", id: 0, figures: counted(5) });
  const asked = await measuring;
  const unanswered = await slot.figures();
  worker().onEnd("signal SIGKILL");
  const ended = await slot.figures();
  await until("the second one", () => workers.length === 2);
  worker(1).onReport({ kind: "serving", port: 1 });
  const again = slot.figures();
  worker(1).onReport({ kind: "measured", id: 2, figures: counted(2) });
  const values = [asked, unanswered, ended, await again].map((figures) =>
    figures.map(({ samples }) => samples[0]?.[1]),
  );
  expect(values).toEqual([[5, 5], [5, 5], [5], [7, 2]]);
  await slot.stop(0);
});

test("stop() ends a worker that does not end by itself, and starts none any more", async () => {
  const { slot, worker, workers } = slotted();
  slot.start();
  worker().onReport({ kind: "serving", port: 1 });
  await slot.stop(1);
  worker().onReport({ kind: "alive", receivedBytes: 0 });
  await Bun.sleep(5);
  expect([worker().isKilled(), workers.length]).toEqual([true, 1]);
});

test("stop() while nothing runs is done at once", async () => {
  const { slot, worker, workers } = slotted({ pauseMs: () => 60_000 });
  slot.start();
  worker().onEnd("exit code 1");
  expect([await slot.stop(60_000), workers.length]).toEqual([0, 1]);
});

test("a worker that a hangup ends before it serves is followed at once, but not for ever", async () => {
  const { slot, worker, workers, lines } = slotted();
  slot.start();
  worker(0).onEnd("signal SIGHUP");
  worker(1).onReport({ kind: "serving", port: 5 });
  expect([workers.length, await slot.first.promise, lines]).toEqual([2, undefined, []]);
  const other = slotted();
  other.slot.start();
  for (let index = 0; index < 11; index += 1) other.worker(index).onEnd("signal SIGHUP");
  expect([other.workers.length, await other.slot.first.promise]).toEqual([11, "signal SIGHUP"]);
  await Promise.all([slot, other.slot].map((each) => each.stop(0)));
});

test("the pause doubles with each failure, up to half a minute", () => {
  expect([0, 1, 2, 3, 9, 10, 1000].map(restartPauseMs)).toEqual([100, 100, 200, 400, 25_600, 30_000, 30_000]);
});
