// Large blobs that are pulled and pushed as fast as this machine can, and what other requests wait for meanwhile.
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { shortMs } from "../turns.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf, openUpload, withDigest } from "./image.ts";
import { workedMsOf } from "./process-work.ts";

const directory = temporaryDirectory({ isInMemory: true });
const v2 = join(directory.path, "docker/registry/v2");
/** Nobody reads all of it; as a file without content it takes no room. */
const hugeBytes = 40e9;
const hugeDigest = `sha256:${"5".repeat(64)}`;
const pushedBytes = 100e6;

/**
 * What the server may do for others between a request and its answer, on the machine that this was set on; a blob in one piece
 * takes ten times as long.
 */
const longestMs = 40;

let registry: StartedRegistry;

function put(path: string, content: string): string {
  const whole = join(v2, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, content);
  return whole;
}

beforeAll(async () => {
  const hex = hugeDigest.slice("sha256:".length);
  truncateSync(put(`blobs/sha256/55/${hex}/data`, ""), hugeBytes);
  put(`repositories/a/_layers/sha256/${hex}/link`, hugeDigest);
  registry = await startRegistry({ data: directory.path, args: ["--http", "--log-level", "warn"] });
});

afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

/** Asks again and again while the work goes on; the 99th of a hundred times that the server worked until it answered. */
async function p99Ms(isOver: (answers: number) => boolean): Promise<number> {
  const times: number[] = [];
  while (!isOver(times.length)) {
    const beforeMs = workedMsOf(registry.pid);
    expect((await registry.fetch("/v2/a/tags/list")).status).toBe(404);
    times.push(workedMsOf(registry.pid) - beforeMs);
    await Bun.sleep(2);
  }
  expect(times.length).toBeGreaterThan(20);
  return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? Number.NaN;
}

test("pulls", async () => {
  const url = `${registry.url}/v2/a/blobs/${hugeDigest}`;
  const pull = () =>
    Bun.spawn(["curl", "-sS", "-o", "/dev/null", "-D", "-", url], { stdout: "pipe", stderr: "inherit" });
  const pulls = [pull(), pull()];
  const endMs = performance.now() + 2000;
  const p99 = await p99Ms((answers) => answers > 100 && performance.now() > endMs);
  for (const each of pulls) each.kill();
  const heads = await Promise.all(pulls.map((each) => each.stdout.text()));
  for (const head of heads) {
    expect(head.toLowerCase()).toContain(`content-length: ${hugeBytes}`);
    expect(head).not.toMatch(/transfer-encoding/i);
  }
  if (process.env.SHOW_WAITS !== undefined) console.log("p99 %s ms", p99.toFixed(1));
  expect(p99).toBeLessThan(shortMs(longestMs));
}, 120_000);

test("pushes in one request, and in two, of which the second one brings nothing", async () => {
  const bytes = new Uint8Array(pushedBytes).fill(7);
  const file = join(directory.path, "pushed");
  writeFileSync(file, bytes);
  const digest = digestOf(bytes);
  let left = 3;
  const send = async (method: string, url: string) => {
    const child = Bun.spawn(
      ["curl", "-sS", "-o", "/dev/null", "-D", "-", "-X", method, "-T", file, "-H", "Expect:", `${registry.url}${url}`],
      { stdout: "pipe", stderr: "inherit" },
    );
    return await child.stdout.text();
  };
  const put = async () => {
    expect(await send("PUT", withDigest(await openUpload(registry, "a"), digest))).toContain(" 201 ");
    left -= 1;
  };
  const patch = async () => {
    const location = await openUpload(registry, "a");
    expect(await send("PATCH", location)).toContain(" 202 ");
    expect((await registry.fetch(withDigest(location, digest), { method: "PUT" })).status).toBe(201);
    left -= 1;
  };
  const [p99] = await Promise.all([p99Ms(() => left === 0), put(), put(), patch()]);
  if (process.env.SHOW_WAITS !== undefined) console.log("p99 %s ms", p99.toFixed(1));
  expect(p99).toBeLessThan(shortMs(longestMs));
}, 120_000);
