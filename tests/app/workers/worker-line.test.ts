import { expect, test } from "bun:test";
import type { WorkerOrder } from "../../../src/app/workers/messages.ts";
import { findLine } from "../../../src/app/workers/worker-line.ts";

test("a process that nobody has started as a worker has no line", () => {
  expect(findLine({ on: () => undefined })).toBe(undefined);
});

test("a line carries reports and orders, and a supervisor that is gone fails nothing", () => {
  const listeners = new Map<string, (message: WorkerOrder) => void>();
  const sent: unknown[] = [];
  const line = findLine({
    send: (report) => {
      sent.push(report);
      if (sent.length > 1) throw new Error("closed");
    },
    on: (event: string, listener: (message: WorkerOrder) => void) => listeners.set(event, listener),
  });
  const heard: unknown[] = [];
  line?.listen(
    (order) => heard.push(order.kind),
    () => heard.push("closed"),
  );
  line?.send({ kind: "serving", port: 1 });
  line?.send({ kind: "serving", port: 2 });
  listeners.get("message")?.({ kind: "end" });
  listeners.get("disconnect")?.({ kind: "end" });
  expect([sent.length, heard]).toEqual([2, ["end", "closed"]]);
});
