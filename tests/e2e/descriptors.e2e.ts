// The limits of open files and of connections, and somebody who uses them up.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import { shortMs } from "../turns.ts";
import { type StartedRegistry, type StartOptions, startRegistry } from "./executable.ts";
import { digestOf, postBlob } from "./image.ts";

const limit = 64;
/** Long enough for the crowd to come back several times. */
const pushingMs = 5000;
/** Without a push, to see whether it spins. */
const watchedMs = 2000;
const ask = "GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n";

test("the process may open as many files as the system lets it", async () => {
  await using registry = await startRegistry({ under: ["prlimit", "--nofile=256:4096", "--"] });
  const limits = readFileSync(`/proc/${registry.pid}/limits`, "latin1");
  expect(/^Max open files +(\d+) +(\d+)/m.exec(limits)?.slice(1)).toEqual(["4096", "4096"]);
});

const halfRequest = "GET /v2/ HTTP/1.1\r\nHost: localhost\r\nX-";
const ofFiles: StartOptions = { under: ["prlimit", `--nofile=${limit}:${limit}`, "--"] };
const ofConnections: StartOptions = { env: { REGISTRY_HTTP_LIMITS_CONNECTIONS: String(limit - 24) } };

describe.each<[string, string, string, StartOptions]>([
  ["that send nothing", "64 files", "", ofFiles],
  ["that send half a request", "64 files", halfRequest, ofFiles],
  ["that stay after an answer", "64 files", ask, ofFiles],
  ["that send half a request", "40 connections", halfRequest, ofConnections],
  ["that stay after an answer", "40 connections", ask, ofConnections],
])("beside 300 connections %s, at a limit of %s", (_what, _limit, bytes, options) => {
  let registry: StartedRegistry;
  let crowd: Disposable;
  beforeAll(async () => {
    registry = await startRegistry({ args: ["--http"], ...options });
    crowd = openCrowd(registry.port, { count: 300, bytes });
    await usedUp(registry.pid);
  }, 60_000);
  afterAll(async () => {
    crowd[Symbol.dispose]();
    await registry[Symbol.asyncDispose]();
  });

  test("a client that comes again after a refusal is served within seconds, and nothing spins", async () => {
    const restingMs = cpuMs(registry.pid);
    await Bun.sleep(watchedMs);
    const share = (cpuMs(registry.pid) - restingMs) / watchedMs;
    const startedMs = performance.now();
    const content = new TextEncoder().encode("some bytes");
    const waitedMs: number[] = [];
    while (performance.now() - startedMs < pushingMs) {
      const pushedMs = performance.now();
      await pushPatiently(registry, content);
      waitedMs.push(performance.now() - pushedMs);
    }
    console.log(`${waitedMs.length} pushes, the slowest took ${Math.round(Math.max(...waitedMs))} ms; CPU ${share}`);
    expect(Math.max(...waitedMs)).toBeLessThan(3000);
    // Only those that ask something give it work; a slow machine takes longer to turn the others away, but does not spin.
    if (bytes !== ask) expect(share).toBeLessThan(Math.min(0.5, 0.2 * shortMs(1)));
  });
});

/** Waits until the crowd has taken all but a few; the system keeps connections without a byte back for seconds. */
async function usedUp(pid: number): Promise<void> {
  while (readdirSync(`/proc/${pid}/fd`).length < limit - 4) await Bun.sleep(5);
}

/** Connections that come back as soon as they are refused or cut, until they are disposed of. */
function openCrowd(port: number, { count, bytes }: { readonly count: number; readonly bytes: string }): Disposable {
  const open = new Set<net.Socket>();
  let isOver = false;
  const connect = () => {
    if (isOver) return;
    const socket = net.connect(port, "127.0.0.1", () => void (bytes !== "" && socket.write(bytes)));
    open.add(socket);
    socket.resume();
    socket.on("error", () => {});
    socket.on("close", () => {
      open.delete(socket);
      setTimeout(connect, 500);
    });
  };
  for (let index = 0; index < count; index += 1) connect();
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      for (const socket of open) socket.destroy();
    },
  };
}

/** Pushes a blob, again where that was refused or cut, as people's scripts do. */
async function pushPatiently(registry: StartedRegistry, content: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let attempt = 1; attempt <= 200; attempt += 1) {
    const answer = await postBlob(registry, "crowded", content).catch(() => undefined);
    if (answer?.status === 201) return;
    await Bun.sleep(20);
  }
  throw new Error(`${digestOf(content)} was refused 200 times`);
}

function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1")
    .replace(/^.*\) /, "")
    .split(" ");
  // utime and stime, in hundredths of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
