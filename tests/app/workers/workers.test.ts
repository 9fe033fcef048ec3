import { expect, test } from "bun:test";
import { StartError } from "../../../src/app/start-error.ts";
import type { WorkerOrder } from "../../../src/app/workers/messages.ts";
import { type CommonOrder, Workers, type WorkersOptions } from "../../../src/app/workers/workers.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import type { EventRecord } from "../../../src/notifications/announcer.ts";
import { until } from "../../notifications/made-events.ts";
import { fakeWorkers, listLogger } from "./fake-workers.ts";

const certificate = (name: string) => ({ certificate: name, key: name, minimum: "tls1.2" as const });
const record: EventRecord = { recipients: ["a"], text: "t" };

function starting(changes: Partial<WorkersOptions> = {}) {
  const { spawn, workers } = fakeWorkers();
  const { logger, lines } = listLogger();
  const metrics = new Metrics();
  const started = Workers.start({
    count: 2,
    spawn,
    order: { port: 0, access: undefined } as CommonOrder,
    logger,
    metrics,
    sink: undefined,
    noteReceived: () => undefined,
    authority: () => "ca",
    times: { pauseMs: () => 1, endMs: 1, measureMs: 1 },
    ...changes,
  });
  const worker = (index: number) => {
    const found = workers[index];
    if (found === undefined) throw new Error(`no worker ${index}`);
    return found;
  };
  const kinds = (index: number) => worker(index).orders.map(({ kind }) => kind);
  return { started, workers, worker, kinds, lines, metrics };
}

/** Both of them serve. */
async function serving(changes: Partial<WorkersOptions> = {}) {
  const parts = starting(changes);
  parts.worker(0).onReport({ kind: "serving", port: 4711 });
  const all = await parts.started;
  parts.worker(1).onReport({ kind: "serving", port: 4711 });
  return { ...parts, all };
}

function startOf(orders: readonly WorkerOrder[]) {
  return orders.find((order) => order.kind === "start");
}

test("the first worker finds the port free; the others begin when it serves, and share it", async () => {
  const { started, workers, worker } = starting();
  const before = workers.length;
  worker(0).onReport({ kind: "serving", port: 4711 });
  const all = await started;
  const orders = workers.map(({ orders }) => startOf(orders));
  expect([before, all.port]).toEqual([1, 4711]);
  expect(orders.map((order) => [order?.number, order?.count, order?.port, order?.isPortShared])).toEqual([
    [1, 2, 0, false],
    [2, 2, 4711, true],
  ]);
  await all.stop(0);
});

test("a first worker that cannot serve is why there is no start, and none follows", async () => {
  const { started, worker, workers, lines } = starting();
  worker(0).onReport({ kind: "failed", problem: ":5000 is already in use" });
  worker(0).onEnd("exit code 1");
  const error = await started.catch((reason: unknown) => reason);
  await Bun.sleep(5);
  const problem = error instanceof StartError && error.message;
  expect([problem, workers.length, lines]).toEqual([":5000 is already in use", 1, []]);
});

test("one that is started later begins with all that has changed, and alone finds its port free again", async () => {
  const { all, worker, workers } = await serving();
  const configuration = { loglevel: "debug" } as never;
  all.replaceCertificate(certificate("new"));
  all.reload(configuration, { usersPath: "/users" });
  all.noteProblems({ disk: "away" });
  worker(0).onEnd("signal SIGKILL");
  worker(1).onEnd("signal SIGKILL");
  await until("both are started again", () => workers.length === 4);
  const order = startOf(worker(2).orders);
  expect([order?.certificate, order?.reload, order?.access, order?.problems, order?.port, order?.isPortShared]).toEqual(
    [
      { material: certificate("new"), authority: "ca" },
      { configuration, access: { usersPath: "/users" } },
      undefined,
      { disk: "away" },
      4711,
      false,
    ],
  );
  await all.stop(0);
});

test("what changes is told to all of them, and a failed login to the others", async () => {
  const { all, worker, kinds } = await serving();
  all.noteProblems({});
  all.replaceCertificate(certificate("new"));
  all.reload({} as never, undefined);
  worker(0).onReport({ kind: "login", count: { network: "192.0.2.1", change: 1 } });
  expect([kinds(0), kinds(1)]).toEqual([
    ["start", "health", "certificate", "reload"],
    ["start", "health", "certificate", "reload", "login"],
  ]);
  await all.stop(0);
});

test("events are taken when they are on disk; a problem of the disk is told", async () => {
  const disk: { failure?: Error } = {};
  const kept: EventRecord[] = [];
  const passed: EventRecord[] = [];
  const sink = {
    keep: async (each: EventRecord) => {
      if (disk.failure !== undefined) throw disk.failure;
      kept.push(each);
    },
    pass: (each: EventRecord) => void passed.push(each),
  };
  const { all, worker } = await serving({ sink });
  worker(0).onReport({ kind: "keep", id: 1, record });
  worker(1).onReport({ kind: "pass", id: 2, records: [record, record] });
  await Bun.sleep(0);
  disk.failure = Object.assign(new Error("full"), { code: "ENOSPC" });
  worker(0).onReport({ kind: "keep", id: 3, record });
  await Bun.sleep(0);
  const answers = (index: number) => worker(index).orders.filter(({ kind }) => kind === "taken");
  expect([kept.length, passed.length, answers(0), answers(1)]).toEqual([
    1,
    2,
    [
      { kind: "taken", id: 1, problem: undefined },
      { kind: "taken", id: 3, problem: "full", code: "ENOSPC" },
    ],
    [{ kind: "taken", id: 2, problem: undefined }],
  ]);
  await all.stop(0);
});

test("what is on disk only after its worker has ended is not told to the next one, which numbers its own from the start", async () => {
  const disk = Promise.withResolvers<void>();
  const sink = { keep: () => disk.promise, pass: () => undefined };
  const { all, worker, workers, kinds } = await serving({ sink });
  worker(0).onReport({ kind: "keep", id: 0, record });
  worker(0).onEnd("signal SIGKILL");
  await until("the next one", () => workers.length === 3);
  disk.resolve();
  await Bun.sleep(0);
  expect(kinds(2)).toEqual(["start"]);
  await all.stop(0);
});

test("what caches receive, how many serve, what was cut off and what was counted is added up", async () => {
  const received: number[] = [];
  const { all, worker, metrics } = await serving({ noteReceived: (sizeBytes) => received.push(sizeBytes) });
  worker(0).onReport({ kind: "alive", receivedBytes: 0 });
  worker(1).onReport({ kind: "alive", receivedBytes: 9 });
  const text = await metrics.format();
  const figures = await all.figures();
  const stopping = all.stop(0);
  for (const index of [0, 1]) worker(index).onReport({ kind: "stopped", cutCount: index + 1, figures: [] });
  expect([received, figures.length, await stopping]).toEqual([[9], 2, 3]);
  expect(text).toContain("\nregistry_workers 2\n");
  expect(text).toContain("\nregistry_worker_restarts_total 0\n");
});

test("when all listen with another certificate, new connections are steered to a new listener, and later no more", async () => {
  const { all, worker, workers, kinds } = await serving({ settlingMs: 20 });
  const steered = () => worker(1).orders.flatMap((order) => (order.kind === "steer" ? [order.listener] : []));
  all.replaceCertificate(certificate("new"));
  worker(0).onReport({ kind: "renewed" });
  const early = [...kinds(0), ...kinds(1)].includes("steer");
  worker(1).onReport({ kind: "renewed" });
  await until("the system chooses again", () => steered().length === 2);
  worker(0).onEnd("signal SIGKILL");
  await until("it is started again", () => workers.length === 3);
  // One of them does not serve: nobody knows how many listeners there are.
  all.replaceCertificate(certificate("newer"));
  worker(1).onReport({ kind: "renewed" });
  expect([early, steered()]).toEqual([false, [2, undefined]]);
  await all.stop(0);
});

test("certificates that come soon after another wait until the old listeners are gone, and only the last is served", async () => {
  const { all, worker } = await serving({ settlingMs: 20 });
  const served = () =>
    worker(1).orders.flatMap((order) => (order.kind === "certificate" ? [order.certificate.material.certificate] : []));
  for (const name of ["one", "two", "three"]) all.replaceCertificate(certificate(name));
  const before = served();
  await until("the last one is served", () => served().length === 2);
  expect([before, served()]).toEqual([["one"], ["one", "three"]]);
  await all.stop(0);
});
