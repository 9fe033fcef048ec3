// What goes wrong with several workers: a supervisor that is killed, a port that is somebody else's, a worker that hangs or
// cannot start, and events of requests in the middle of all that.
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindLibc } from "../../src/storage/libc.ts";
import { temporaryDirectory } from "../temporary-directory.ts";
import { executable, isRefused, type StartedRegistry, sendSignal, startRegistry } from "./executable.ts";
import { digestOf, openUpload, postBlob } from "./image.ts";
import { run, waitUntil } from "./program.ts";
import { openPatch } from "./raw-patch.ts";
import { isRunning, startWithWorkers, stateOf, workersOf } from "./worker-tools.ts";

const restarted = "a worker serves again";
const ended = "a worker ended; another one is started";

async function hang(pid: number | undefined): Promise<void> {
  if (pid === undefined) throw new Error("there is no worker");
  process.kill(pid, "SIGSTOP");
  await waitUntil("it is stopped", () => stateOf(pid) === "T");
}

test("when the supervisor is killed no worker stays, not even a stopped one, and the port is free", async () => {
  using directory = temporaryDirectory();
  await using registry = await startWithWorkers({ data: directory.path });
  const workers = workersOf(registry);
  await hang(workers[0]);
  await registry.kill();
  await waitUntil("no worker is left", () => !workers.some(isRunning));
  await using next = await startRegistry({
    data: directory.path,
    args: ["--http", "--addr", `127.0.0.1:${registry.port}`],
  });
  expect([workers.length, (await next.fetch("/v2/")).status]).toEqual([2, 200]);
});

test("a second signal ends the workers as well, although a request is not at its end", async () => {
  await using registry = await startWithWorkers();
  const workers = workersOf(registry);
  const patch = await openPatch(registry, await openUpload(registry, "a"), 100);
  sendSignal(registry.pid, "SIGTERM");
  await waitUntil("the listeners are closed", () => isRefused(registry.port));
  expect([registry.pid, ...workers].filter(isRunning)).toContain(registry.pid);
  const isOver = () => {
    // Signals are the same wish only for a moment.
    sendSignal(registry.pid, "SIGTERM");
    return ![registry.pid, ...workers].some(isRunning);
  };
  // Far less than the request would be waited for.
  await waitUntil("nobody is left", isOver, { deadlineMs: 10_000 });
  expect(await patch.answer()).not.toStartWith("HTTP/1.1 2");
});

test.each([
  ["another registry with workers", async (): Promise<Taken> => taken(await startWithWorkers())],
  ["another registry alone", async (): Promise<Taken> => taken(await startRegistry({ args: ["--http"] }))],
  ["a program that shares its port", async (): Promise<Taken> => sharing()],
])("a port of %s is refused, with the usual sentence", async (_whose, take) => {
  await using other = await take();
  using directory = temporaryDirectory();
  const data = join(directory.path, "data");
  const words = ["serve", "--http", "--workers", "2", "--data", data, "--addr", `127.0.0.1:${other.port}`];
  const { code, stderr } = await run([executable, ...words], { timeoutMs: 20_000 });
  expect([code, stderr]).toEqual([
    1,
    `registry serve: 127.0.0.1:${other.port} is already in use; stop the program that listens there, or choose another address with --addr\n`,
  ]);
});

interface Taken extends AsyncDisposable {
  readonly port: number;
}

function taken(registry: StartedRegistry): Taken {
  return { port: registry.port, [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose]() };
}

function sharing(): Taken {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, reusePort: true, fetch: () => new Response() });
  return { port: server.port ?? 0, [Symbol.asyncDispose]: () => server.stop(true) };
}

test("a worker that is stopped delays neither metrics nor a reload nor the end beyond a bound", async () => {
  const port = freePort();
  await using registry = await startWithWorkers({
    env: {
      REGISTRY_HTTP_DEBUG: `{addr: "127.0.0.1:${port}", prometheus: {enabled: true}}`,
      REGISTRY_HTTP_DRAINTIMEOUT: "1s",
    },
  });
  const [first] = workersOf(registry);
  await hang(first);
  const startedMs = performance.now();
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const measuredMs = performance.now() - startedMs;
  process.kill(registry.pid, "SIGHUP");
  await waitUntil("it is read again", () => registry.stderr().includes("read the configuration again"));
  const stoppingMs = performance.now();
  const code = await registry.stop();
  const stoppedMs = performance.now() - stoppingMs;
  expect(metrics).toContain("registry_workers 2\n");
  expect([code, measuredMs < 5000, stoppedMs < 10_000, first !== undefined && isRunning(first)]).toEqual([
    0,
    true,
    true,
    false,
  ]);
});

function freePort(): number {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
  const { port } = server;
  void server.stop(true);
  return port ?? 0;
}

test("what workers have counted stays in the metrics when one is killed", async () => {
  const port = freePort();
  await using registry = await startWithWorkers({
    env: { REGISTRY_HTTP_DEBUG: `{addr: "127.0.0.1:${port}", prometheus: {enabled: true}}` },
  });
  const count = async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(/registry_http_requests_total\{code="200",handler="base",method="get"\} (\d+)/.exec(text)?.[1]);
  };
  for (let index = 0; index < 20; index += 1) await registry.fetch("/v2/", { keepalive: false });
  const before = await count();
  for (const pid of workersOf(registry)) process.kill(pid, "SIGKILL");
  await waitUntil("both serve again", () => registry.stderr().split(restarted).length === 3);
  await registry.fetch("/v2/");
  expect([before >= 20, await count()]).toEqual([true, before + 1]);
});

test("workers that cannot start are tried again with pauses that grow, and start when the reason is gone", async () => {
  using directory = temporaryDirectory();
  const [path, users] = [join(directory.path, "config.yml"), join(directory.path, "htpasswd")];
  const good = `alice:${await Bun.password.hash("secret", { algorithm: "bcrypt", cost: 4 })}\n`;
  writeFileSync(users, good);
  writeFileSync(path, `version: 0.1\nauth: {htpasswd: {realm: r, path: ${users}}}\n`);
  await using registry = await startRegistry({ command: ["serve", path], args: ["--http", "--workers", "2"] });
  await waitUntil("both are there", () => workersOf(registry).length === 2);
  writeFileSync(users, "alice:no hash\n");
  for (const pid of workersOf(registry)) process.kill(pid, "SIGKILL");
  const pausesOf = (worker: number) =>
    registry
      .stderr()
      .split("\n")
      .filter((line) => line.includes(ended) && line.includes(` worker=${worker} `))
      .map((line) => Number(/ pauseMs=(\d+)/.exec(line)?.[1]));
  await waitUntil("both are tried again and again", () => [1, 2].every((worker) => pausesOf(worker).length > 3));
  writeFileSync(users, good);
  await waitUntil("both serve again", () => registry.stderr().split(restarted).length === 3);
  const growing = [100, 200, 400, 800];
  expect([1, 2].map((worker) => pausesOf(worker).slice(0, growing.length))).toEqual([growing, growing]);
  await waitUntil("the log tells of it", () => registry.stderr().includes("the file of users cannot be used"));
  expect((await registry.fetch("/v2/")).status).toBe(401);
});

test("the word by which a supervisor starts workers is no command", async () => {
  const { code, stderr } = await run([executable, "worker"]);
  expect([code, stderr]).toEqual([64, 'registry: unknown command "worker" (see `registry help`)\n']);
});

test("every push that was answered is told, although supervisor and workers are killed in the middle", async () => {
  using directory = temporaryDirectory();
  const told = new Set<string>();
  using receiver = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const { events } = (await request.json()) as { events: { target: { digest: string } }[] };
      for (const { target } of events) told.add(target.digest);
      return new Response();
    },
  });
  const env = { REGISTRY_NOTIFICATIONS: `{endpoints: [{name: a, url: "${receiver.url.href}"}]}` };
  const answered: string[] = [];
  for (const victim of ["supervisor", "worker", "supervisor"] as const) {
    await using registry = await startWithWorkers({ data: directory.path, env });
    let isOver = false;
    const before = answered.length;
    const pushers = Array.from({ length: 6 }, async () => {
      while (!isOver) {
        const bytes = crypto.getRandomValues(new Uint8Array(1000));
        const answer = await postBlob(registry, "team/app", bytes).catch(() => undefined);
        if (answer?.status === 201) answered.push(digestOf(bytes));
        else await Bun.sleep(5);
      }
    });
    await waitUntil("pushes are answered", () => answered.length >= before + 30);
    const pid = victim === "supervisor" ? registry.pid : workersOf(registry)[0];
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    await Bun.sleep(300);
    isOver = true;
    await Promise.all(pushers);
    if (victim === "worker") await registry.stop();
  }
  await using _last = await startWithWorkers({ data: directory.path, env });
  await waitUntil("all are told", () => answered.every((digest) => told.has(digest)));
  console.log(`${answered.length} pushes were answered, ${told.size} told`);
});

test("systemd hears of the start when a worker serves, from the supervisor, and of the end", async () => {
  const directory = mkdtempSync(join(tmpdir(), "registry-notify-"));
  const address = join(directory, "notify");
  using socket = listenAt(address);
  await using registry = await startWithWorkers({ env: { NOTIFY_SOCKET: address, WATCHDOG_USEC: "2000000" } });
  const heard: string[] = [];
  const collect = () => {
    for (let next = socket.receive(); next !== undefined; next = socket.receive())
      heard.push(next.split("\n")[0] ?? "");
    return heard;
  };
  await waitUntil("the watchdog is fed", () => collect().includes("WATCHDOG=1"));
  await registry.stop();
  collect();
  rmSync(directory, { recursive: true });
  const states = heard.filter((line) => line !== "WATCHDOG=1");
  expect(states).toEqual(["READY=1", "STOPPING=1"]);
});

/** A service manager's socket. */
function listenAt(path: string) {
  const [unixFamily, datagram, dontWait] = [1, 2, 0x40];
  const socket = bindLibc("socket", ["i32", "i32", "i32"]);
  const bind = bindLibc("bind", ["i32", "ptr", "i32"]);
  const recv = bindLibc("recv", ["i32", "ptr", "i64", "i32"]);
  const close = bindLibc("close", ["i32"]);
  const descriptor = socket?.(unixFamily, datagram, 0) ?? -1;
  const name = Uint8Array.from([unixFamily, 0, ...new TextEncoder().encode(path), 0]);
  bind?.(descriptor, name, name.length);
  return {
    receive: () => {
      const buffer = new Uint8Array(1024);
      const sizeBytes = recv?.(descriptor, buffer, buffer.length, dontWait) ?? -1;
      return sizeBytes < 0 ? undefined : new TextDecoder().decode(buffer.subarray(0, sizeBytes));
    },
    [Symbol.dispose]: () => void close?.(descriptor),
  };
}
