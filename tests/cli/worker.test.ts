import { expect, test } from "bun:test";
import type { WorkerLine } from "../../src/app/workers/supervisor-link.ts";
import { runCli } from "../../src/cli/cli.ts";
import { serveAsWorker } from "../../src/cli/worker.ts";
import { fakeIo } from "./fake-io.ts";

/** A line to a supervisor that is gone before it has said anything. */
const closed: WorkerLine = { send: () => undefined, listen: (_, onClosed) => onClosed() };

test("a worker whose supervisor is gone ends", async () => {
  expect(await serveAsWorker(closed, fakeIo())).toBe(1);
});

test("a word that only a supervisor uses is no command for anybody else", async () => {
  const io = fakeIo();
  const typed = await runCli(["worker"], io);
  const started = await runCli(["worker"], fakeIo({ supervisor: closed }));
  expect([typed, io.errors(), started]).toEqual([64, 'registry: unknown command "worker" (see `registry help`)\n', 1]);
});
