import { expect, test } from "bun:test";
import type { WorkerLine } from "../../src/app/workers/supervisor-link.ts";
import { runProgram } from "../../src/cli/program.ts";
import { fakeIo } from "./fake-io.ts";

/** A line to a supervisor that is gone before it has said anything. */
const closed: WorkerLine = { send: () => undefined, listen: (_, onClosed) => onClosed() };

test("a word that only a supervisor uses is no command for anybody else", async () => {
  const io = fakeIo();
  const typed = await runProgram(["worker"], io, undefined);
  const started = await runProgram(["worker"], fakeIo(), closed);
  expect([typed, io.errors(), started]).toEqual([64, 'registry: unknown command "worker" (see `registry help`)\n', 1]);
});

test("whoever has a supervisor may still run commands", async () => {
  const io = fakeIo();
  expect([await runProgram(["version"], io, closed), io.output()]).toEqual([0, expect.stringMatching(/^registry /)]);
});
