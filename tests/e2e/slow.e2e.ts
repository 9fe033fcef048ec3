// Slow clients, at the pace of a bad line. They run at once, so that the file takes little longer than its longest.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../temporary-directory.ts";
import { type StartedRegistry, startRegistry } from "./executable.ts";
import { digestOf, openUpload, postBlob, withDigest } from "./image.ts";
import { environment, requireProgram } from "./program.ts";
import { openPatch } from "./raw-patch.ts";

type Scheme = "https" | "http";
const schemes: Scheme[] = ["https", "http"];
const isPossible = requireProgram("curl", "curl");

describe.skipIf(!isPossible)("a slow client", () => {
  let registries: Record<Scheme, StartedRegistry>;
  beforeAll(async () => {
    registries = { https: await startRegistry(), http: await startRegistry({ args: ["--http"] }) };
  });
  afterAll(async () => {
    for (const registry of Object.values(registries)) await registry[Symbol.asyncDispose]();
  });

  test.concurrent.each(schemes)(
    "may send 64 KiB every half second for a minute, without a length, over %s",
    async (scheme) => {
      const registry = registries[scheme];
      const location = await openUpload(registry, "slow/chunked");
      const pieces = Array.from({ length: 120 }, () => randomBytes(64 * 1024));
      const patch = startCurl(registry, location, ["-X", "PATCH", "-T", "-"]);
      for (const piece of pieces) {
        patch.stdin.write(piece);
        await patch.stdin.flush();
        await Bun.sleep(500);
      }
      await patch.stdin.end();
      expect(await patch.outcome()).toEqual({ code: 0, status: "202" });
      await expectCommit(registry, location, Buffer.concat(pieces));
    },
  );

  test.concurrent.each(schemes)("may send 1 KiB a second for half a minute, with a length, over %s", async (scheme) => {
    const registry = registries[scheme];
    using directory = temporaryDirectory();
    const bytes = new Uint8Array(randomBytes(30 * 1024));
    writeFileSync(join(directory.path, "body"), bytes);
    const location = await openUpload(registry, "slow/length");
    const rest = ["-X", "PUT", "--limit-rate", "1K", "--data-binary", `@${join(directory.path, "body")}`];
    const put = startCurl(registry, withDigest(location, digestOf(bytes)), rest);
    const startedMs = performance.now();
    expect(await put.outcome()).toEqual({ code: 0, status: "201" });
    expect(performance.now() - startedMs).toBeGreaterThan(20_000);
    await expectStored(registry, "slow/length", bytes);
  });

  test.concurrent.each(schemes)(
    "that stops sending is cut after a minute or so, and resumes where it stopped, over %s",
    async (scheme) => {
      const registry = registries[scheme];
      const bytes = new Uint8Array(randomBytes(200_000));
      const location = await openUpload(registry, "slow/stalled");
      const startedMs = performance.now();
      const patch = await openPatch(registry, location, bytes.length);
      patch.send(bytes.subarray(0, 100_000));
      const answer = await patch.answer();
      expect(answer).toMatch(/^(HTTP\/1\.1 408 [\s\S]*"BLOB_UPLOAD_INVALID"|$)/);
      const elapsedMs = performance.now() - startedMs;
      expect([elapsedMs > 50_000, elapsedMs < 130_000]).toEqual([true, true]);

      const state = await registry.fetch(location);
      expect([state.status, state.headers.get("range")]).toEqual([204, "0-99999"]);
      const next = state.headers.get("location") ?? location;
      const resumed = await registry.fetch(next, {
        method: "PATCH",
        headers: { "Content-Range": "100000-199999" },
        body: bytes.subarray(100_000),
      });
      expect([resumed.status, resumed.headers.get("range")]).toEqual([202, "0-199999"]);
      await expectCommit(registry, location, bytes);
    },
  );

  test.concurrent.each(schemes)(
    "may download at 50 KB/s for a minute, and has got all of it so far, over %s",
    async (scheme) => {
      const registry = registries[scheme];
      using directory = temporaryDirectory();
      const bytes = new Uint8Array(randomBytes(64 * 1024 * 1024));
      expect((await postBlob(registry, "slow/download", bytes)).status).toBe(201);
      const file = join(directory.path, "blob");
      const path = `/v2/slow/download/blobs/${digestOf(bytes)}`;
      // curl ends by itself with 28 when its time is over; 18 or 56 would mean that it was cut.
      const slow = startCurl(registry, path, ["-f", "--limit-rate", "50K", "--max-time", "60"], file);
      expect(await slow.outcome()).toEqual({ code: 28, status: "200" });
      const soFar = readFileSync(file);
      expect(soFar.length).toBeGreaterThan(2_000_000);
      expect(digestOf(soFar)).toBe(digestOf(bytes.subarray(0, soFar.length)));
      const rest = startCurl(registry, path, ["-f", "-C", String(soFar.length)], file);
      expect(await rest.outcome()).toEqual({ code: 0, status: "206" });
      expect(digestOf(readFileSync(file))).toBe(digestOf(bytes));
    },
  );
});

/** curl, whose standard input the test writes; it prints the status, and the body to a file where one is named. */
function startCurl({ url, ca }: StartedRegistry, path: string, args: readonly string[], file = "/dev/null") {
  const child = Bun.spawn(
    ["curl", "-s", "--cacert", ca, "-o", file, "-w", "%{http_code}", ...args, new URL(path, url).href],
    { env: environment(), stdin: "pipe", stdout: "pipe", stderr: "inherit" },
  );
  const stdout = child.stdout.text();
  return {
    stdin: child.stdin,
    outcome: async () => ({ code: await child.exited, status: await stdout }),
  };
}

async function expectCommit(registry: StartedRegistry, location: string, bytes: Uint8Array): Promise<void> {
  const put = await registry.fetch(withDigest(location, digestOf(bytes)), { method: "PUT" });
  expect(put.status).toBe(201);
  const name = /^\/v2\/(.+)\/blobs\/uploads\//.exec(new URL(location, registry.url).pathname)?.[1] ?? "";
  await expectStored(registry, name, bytes);
}

async function expectStored(registry: StartedRegistry, name: string, bytes: Uint8Array): Promise<void> {
  const pulled = await registry.fetch(`/v2/${name}/blobs/${digestOf(bytes)}`);
  expect([pulled.status, digestOf(await pulled.bytes())]).toEqual([200, digestOf(bytes)]);
}
