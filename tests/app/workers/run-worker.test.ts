import { expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StartOrder, WorkerOrder, WorkerReport } from "../../../src/app/workers/messages.ts";
import { runWorker } from "../../../src/app/workers/run-worker.ts";
import { SupervisorLink } from "../../../src/app/workers/supervisor-link.ts";
import { loadConfiguration } from "../../../src/config/load.ts";
import { streamTo } from "../../log/stream.ts";
import { until } from "../../notifications/made-events.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";

const certificate = { certificate: "no certificate", key: "no key", minimum: "tls1.2" as const };

/** A worker on an empty directory, and its supervisor's end of the line. */
async function working(
  directory: string,
  { order = {}, env = {}, isOrphan = false }: { order?: Partial<StartOrder>; env?: object; isOrphan?: boolean } = {},
) {
  const reports: WorkerReport[] = [];
  const log: string[] = [];
  const end: { order: (order: WorkerOrder) => void; close: () => void } = { order: () => {}, close: () => {} };
  const link = new SupervisorLink({
    send: (report) => reports.push(report),
    listen: (onOrder, onClosed) => Object.assign(end, { order: onOrder, close: onClosed }),
  });
  const flags = { addr: ["127.0.0.1:0"], data: [directory], http: [""] };
  const { configuration } = await loadConfiguration({ path: undefined, env: { ...env }, flags });
  const streams = { logStream: streamTo(log), accessStream: streamTo([]) };
  const surroundings = { env: {}, now: Date.now, ...streams, print: () => {}, endWith: () => !isOrphan };
  const ended = runWorker(link, surroundings);
  end.order({
    kind: "start",
    number: 1,
    count: 2,
    supervisorPid: process.pid,
    configuration,
    hasFile: false,
    access: undefined,
    reload: undefined,
    port: 0,
    isPortShared: false,
    certificate: undefined,
    problems: {},
    instanceId: "i",
    ...order,
  });
  const find = <Kind extends WorkerReport["kind"]>(kind: Kind) => reports.find((report) => report.kind === kind);
  return { end, ended, log, find };
}

test("a worker serves as it is told, and ends when every request is answered", async () => {
  using directory = temporaryDirectory();
  const { end, ended, find } = await working(directory.path);
  await until("it serves", () => find("serving") !== undefined);
  const serving = find("serving");
  const port = serving?.kind === "serving" ? serving.port : 0;
  const { status } = await fetch(`http://127.0.0.1:${port}/v2/`);
  end.order({ kind: "health", problems: { disk: "away" } });
  end.order({ kind: "measure", id: 4 });
  await until("it tells its figures", () => find("measured") !== undefined);
  const unwell = (await fetch(`http://127.0.0.1:${port}/v2/`)).status;
  end.order({ kind: "stop", drainMs: 1000 });
  await until("it has stopped", () => find("stopped") !== undefined);
  end.order({ kind: "end" });
  expect([status, unwell, find("stopped"), await ended]).toMatchObject([200, 503, { cutCount: 0 }, 0]);
});

test("what is in the way of a worker is told to the supervisor in one line", async () => {
  using directory = temporaryDirectory();
  using other = Bun.serve({ hostname: "127.0.0.1", port: 0, reusePort: true, fetch: () => new Response() });
  const { ended, find } = await working(directory.path, { order: { port: other.port ?? 0 } });
  expect([await ended, find("failed")]).toEqual([
    1,
    { kind: "failed", problem: expect.stringContaining("is already in use") },
  ]);
});

test("a worker begins with what was read again since its supervisor started", async () => {
  using directory = temporaryDirectory();
  const usersPath = join(directory.path, "htpasswd");
  writeFileSync(usersPath, "");
  const { configuration } = await loadConfiguration({ path: undefined, env: {}, flags: { "log-level": ["debug"] } });
  const reload = { configuration, access: { usersPath } };
  const { end, ended, find, log } = await working(directory.path, { order: { reload } });
  await until("it serves", () => find("serving") !== undefined);
  const serving = find("serving");
  const { status } = await fetch(`http://127.0.0.1:${serving?.kind === "serving" ? serving.port : 0}/v2/`);
  end.close();
  expect([status, await ended, log.some((line) => line.includes("everybody has to log in"))]).toEqual([401, 1, true]);
});

test("a worker does not listen before it has taken that over", async () => {
  using directory = temporaryDirectory();
  using other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { configuration } = await loadConfiguration({ path: undefined, env: {}, flags: {} });
  const reload = { configuration, access: { usersPath: directory.path } };
  const { ended, find } = await working(directory.path, { order: { reload, port: other.port ?? 0 } });
  const problem = expect.stringContaining("the file of users cannot be used");
  expect([await ended, find("failed")]).toEqual([1, { kind: "failed", problem }]);
});

test("a certificate that cannot be used is an error in the log, and the worker stays", async () => {
  using directory = temporaryDirectory();
  const { end, ended, find, log } = await working(directory.path);
  await until("it serves", () => find("serving") !== undefined);
  end.order({ kind: "certificate", certificate: { material: certificate, authority: undefined } });
  end.order({ kind: "measure", id: 1 });
  await until("it is still there", () => find("measured") !== undefined);
  end.close();
  expect([await ended, log.some((line) => line.includes("the old one stays"))]).toEqual([1, true]);
});

test("a worker whose supervisor is gone begins nothing", async () => {
  using directory = temporaryDirectory();
  const { ended, find } = await working(directory.path, { isOrphan: true });
  expect([await ended, find("serving")]).toEqual([1, undefined]);
});
