// The line to the supervisor of a process that was started as a worker.
import type { WorkerOrder } from "./messages.ts";
import type { WorkerLine } from "./supervisor-link.ts";

/** What is used of a process. */
export interface LineEnd {
  readonly send?: ((message: unknown) => unknown) | undefined;
  on(event: "message", listener: (message: WorkerOrder) => void): unknown;
  on(event: "disconnect", listener: () => void): unknown;
}

/** The line of this process; undefined if it was not started as a worker. */
export function findLine(end: LineEnd): WorkerLine | undefined {
  if (end.send === undefined) return undefined;
  return {
    send: (report) => {
      try {
        end.send?.(report);
      } catch {
        // The supervisor is gone, which is noticed elsewhere.
      }
    },
    listen: (onOrder, onClosed) => {
      end.on("message", onOrder);
      end.on("disconnect", onClosed);
    },
  };
}
