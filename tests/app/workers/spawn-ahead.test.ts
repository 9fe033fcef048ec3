import { expect, test } from "bun:test";
import { spawnAhead } from "../../../src/app/workers/spawn-ahead.ts";
import type { WorkerHearer } from "../../../src/app/workers/worker-process.ts";
import { fakeWorkers } from "./fake-workers.ts";

function hearing() {
  const heard: unknown[] = [];
  const hearer: WorkerHearer = { onReport: (report) => heard.push(report), onEnd: (reason) => heard.push(reason) };
  return { heard, hearer };
}

test("who starts a worker gets one that was started ahead, and hears it from then on", () => {
  const { spawn, workers } = fakeWorkers();
  const ahead = spawnAhead(spawn, 2);
  const before = workers.length;
  const [first, second, third] = [hearing(), hearing(), hearing()];
  const pids = [first, second, third].map(({ hearer }) => ahead.spawn(hearer).pid);
  for (const worker of workers) worker.onReport({ kind: "serving", port: worker.pid });
  workers[0]?.onEnd("exit code 1");
  expect([before, pids, first.heard, second.heard, third.heard]).toEqual([
    2,
    [1, 2, 3],
    [{ kind: "serving", port: 1 }, "exit code 1"],
    [{ kind: "serving", port: 2 }],
    [{ kind: "serving", port: 3 }],
  ]);
});

test("one that has ended before it was needed is nobody's", () => {
  const { spawn, workers } = fakeWorkers();
  const ahead = spawnAhead(spawn, 2);
  workers[0]?.onEnd("exit code 1");
  expect([1, 2].map(() => ahead.spawn(hearing().hearer).pid)).toEqual([2, 3]);
});

test("those that nobody needs are ended, and the others are not", () => {
  const { spawn, workers } = fakeWorkers();
  const ahead = spawnAhead(spawn, 3);
  ahead.spawn(hearing().hearer);
  workers[1]?.onEnd("exit code 1");
  ahead[Symbol.dispose]();
  ahead[Symbol.dispose]();
  expect(workers.map(({ isKilled }) => isKilled())).toEqual([false, false, true]);
});

test("what the system refuses is told to whoever needs it", () => {
  const refuse = () => {
    throw new Error("EAGAIN");
  };
  expect(() => spawnAhead(refuse, 2).spawn(hearing().hearer)).toThrow("EAGAIN");
});
