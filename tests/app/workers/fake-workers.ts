// Workers without processes: what they were told, and what they say.
import type { WorkerOrder } from "../../../src/app/workers/messages.ts";
import type { SpawnWorker, WorkerHearer } from "../../../src/app/workers/worker-process.ts";

/** A worker that does what a test says. */
export interface FakeWorker extends WorkerHearer {
  readonly pid: number;
  readonly orders: readonly WorkerOrder[];
  readonly isKilled: () => boolean;
}

/** Starts workers that do nothing by themselves but end when they are killed, or told to. */
export function fakeWorkers(): { readonly spawn: SpawnWorker; readonly workers: readonly FakeWorker[] } {
  const workers: FakeWorker[] = [];
  const spawn: SpawnWorker = (hearer) => {
    const orders: WorkerOrder[] = [];
    let isKilled = false;
    const pid = workers.length + 1;
    const isDeaf = () => isKilled;
    workers.push({ ...hearer, pid, orders, isKilled: isDeaf });
    return {
      pid,
      send: (order) => {
        orders.push(order);
        if (order.kind === "end") queueMicrotask(() => hearer.onEnd("exit code 0"));
      },
      kill: () => {
        isKilled = true;
        queueMicrotask(() => hearer.onEnd("signal SIGKILL"));
      },
    };
  };
  return { spawn, workers };
}

/** Logs into a list. */
export function listLogger() {
  const lines: unknown[] = [];
  const log = (message: string, fields = {}) => void lines.push([message, fields]);
  return { lines, logger: { error: log, warn: log, info: log, debug: log, isOn: () => true } };
}
