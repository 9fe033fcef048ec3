// Workers within this process, so that what they do is seen: a line in memory instead of one between processes.
import { runWorker } from "../../../src/app/workers/run-worker.ts";
import { SupervisorLink } from "../../../src/app/workers/supervisor-link.ts";
import type { SpawnWorker } from "../../../src/app/workers/worker-process.ts";
import { streamTo } from "../../log/stream.ts";

/** Starts workers that answer requests in this process; their logs go into the list. */
export function spawnHere(log: string[]): SpawnWorker {
  return ({ onReport, onEnd }) => {
    const end = { order: (_: unknown) => {}, close: () => {} };
    const link = new SupervisorLink({
      send: (report) => queueMicrotask(() => onReport(structuredClone(report))),
      listen: (onOrder, onClosed) => Object.assign(end, { order: onOrder, close: onClosed }),
    });
    const streams = { logStream: streamTo(log), accessStream: streamTo([]) };
    const surroundings = { env: {}, now: Date.now, ...streams, print: () => {}, endWith: () => true };
    void runWorker(link, surroundings).then(
      (code) => onEnd(`exit code ${code}`),
      (error: unknown) => onEnd(String(error)),
    );
    return {
      pid: process.pid,
      send: (order) => end.order(structuredClone(order)),
      kill: () => end.close(),
    };
  };
}
