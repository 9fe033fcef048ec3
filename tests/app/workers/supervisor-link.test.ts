import { expect, test } from "bun:test";
import type { WorkerOrder, WorkerReport } from "../../../src/app/workers/messages.ts";
import { SupervisorLink } from "../../../src/app/workers/supervisor-link.ts";

/** A link, its other end, and what was sent to that. */
function linked() {
  const sent: WorkerReport[] = [];
  const end: { order: (order: WorkerOrder) => void; close: () => void } = { order: () => {}, close: () => {} };
  const link = new SupervisorLink({
    send: (report) => sent.push(report),
    listen: (onOrder, onClosed) => Object.assign(end, { order: onOrder, close: onClosed }),
  });
  return { link, end, sent };
}

const keep = (id: number): WorkerReport => ({ kind: "keep", id, record: { recipients: [], text: "t" } });

test("orders come one after the other, also those from before anybody asked, and end with the supervisor", async () => {
  const { link, end } = linked();
  end.order({ kind: "measure", id: 1 });
  end.order({ kind: "measure", id: 2 });
  const first = [await link.next(), await link.next()];
  const later = link.next();
  end.order({ kind: "stop", drainMs: 3 });
  const last = await later;
  const none = link.next();
  end.close();
  expect([first, last, await none]).toEqual([
    [
      { kind: "measure", id: 1 },
      { kind: "measure", id: 2 },
    ],
    { kind: "stop", drainMs: 3 },
    undefined,
  ]);
});

test("ask() ends with the answer to its own question, and fails with the problem that it tells", async () => {
  const { link, end, sent } = linked();
  const [one, other] = [link.ask(keep), link.ask(keep)];
  end.order({ kind: "taken", id: 1, problem: "the disk is full", code: "ENOSPC" });
  const problem = await other.catch((error: NodeJS.ErrnoException) => [error.code, error.message]);
  end.order({ kind: "taken", id: 0, problem: undefined });
  // Nobody waits for that one any more.
  end.order({ kind: "taken", id: 1, problem: undefined });
  expect([await one, problem, sent.map((report) => "id" in report && report.id)]).toEqual([
    undefined,
    ["ENOSPC", "the disk is full"],
    [0, 1],
  ]);
});

test("ask() fails where the supervisor is gone, before or after the question", async () => {
  const { link, end, sent } = linked();
  const asked = link.ask(keep).catch((error: Error) => error.message);
  end.close();
  const late = link.ask(keep).catch((error: Error) => error.message);
  link.send({ kind: "serving", port: 1 });
  expect([await asked, await late, sent.length]).toEqual(["the supervisor is gone", "the supervisor is gone", 1]);
});
