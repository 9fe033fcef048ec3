import { expect, test } from "bun:test";
import type { WorkerLine } from "../../src/app/workers/supervisor-link.ts";
import { serveAsWorker } from "../../src/cli/worker.ts";
import { fakeIo } from "./fake-io.ts";

/** A line to a supervisor that is gone before it has said anything. */
const closed: WorkerLine = { send: () => undefined, listen: (_, onClosed) => onClosed() };

test("a worker whose supervisor is gone ends", async () => {
  expect(await serveAsWorker(closed, fakeIo())).toBe(1);
});
