// An upstream that means ill: what it says in headers and types stops nobody, and is not passed on to clients.
import { describe, expect, test } from "bun:test";
import type { StartedRegistry } from "../e2e/executable.ts";
import { workedMsOf } from "../e2e/process-work.ts";
import { type Behaviour, digestOf, startUpstream } from "../proxy/misbehaving-upstream.ts";
import { shortMs } from "../turns.ts";
import { addImage, pullImage, startCache } from "./caches.ts";

const long = (piece: string) => piece.repeat(Math.ceil(100_000 / piece.length));
const hostile = ["<", " ", ",", '"', "/", ".", "\\", "a.", '<a>;rel="', "a=", 'realm="', "0", "1-", ";"].map(long);
const headers = ["Link", "WWW-Authenticate", "Retry-After", "RateLimit-Remaining", "Content-Range", "Location"];

/** How long the cache works at most before another client has its answer, while the work is under way. */
async function slowestMs(cache: StartedRegistry, work: () => Promise<unknown>): Promise<number> {
  let [slowest, isDone] = [0, false];
  const working = work().finally(() => {
    isDone = true;
  });
  while (!isDone) {
    const beforeMs = workedMsOf(cache.pid);
    await cache.fetch("/v2/");
    slowest = Math.max(slowest, workedMsOf(cache.pid) - beforeMs);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await working;
  return slowest;
}

/** Answers whatever it is asked with this status and each header in this way. */
const saying =
  (status: number, text: string): Behaviour =>
  (_request, response) => {
    for (const header of headers) if (status !== 307 || header === "Location") response.setHeader(header, text);
    response.writeHead(status);
    response.end("{}");
    return true;
  };

describe("headers of an upstream", () => {
  test.each([200, 206, 307, 401, 429, 503])("with status %p hold up nobody, whatever they say", async (status) => {
    await using upstream = await startUpstream();
    await using cache = await startCache(upstream);
    const slowest = await slowestMs(cache, async () => {
      for (const [index, text] of hostile.entries()) {
        upstream.behave(saying(status, text));
        const name = `team/app${index}`;
        // A blob is tried several times.
        const blobs = status < 500 || index === 0 ? [`blobs/${digestOf(text)}`] : [];
        for (const path of ["tags/list", "manifests/latest", `referrers/${digestOf(text)}`, ...blobs]) {
          const { headers: answered } = await cache.fetch(`/v2/${name}/${path}`);
          expect([...answered.values()].every((value) => value.length < 1000)).toBe(true);
        }
      }
    });
    expect(slowest).toBeLessThan(shortMs(1000));
  });
});

describe("a manifest of an upstream", () => {
  test.each([
    ["a page", "text/html"],
    ["a picture with scripts", "image/svg+xml"],
    ["a line break", "application/json\r\nX-Injected: yes"],
    ["a NUL", "application/\u0000json"],
    ["an emoji", "application/😀"],
    ["a megabyte", `application/${"x".repeat(1_000_000)}`],
  ])("that calls itself %s is not cached, and the one before it is served", async (_what, mediaType) => {
    await using upstream = await startUpstream();
    const kept = addImage(upstream, {});
    await using cache = await startCache(upstream, { env: { REGISTRY_PROXY_FRESH: "0s" } });
    await pullImage(cache);
    const text = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [] });
    const digest = upstream.addManifest("team/app", "latest", text);
    const stale = await cache.fetch("/v2/team/app/manifests/latest");
    expect([stale.status, stale.headers.get("docker-content-digest"), stale.headers.get("x-injected")]).toEqual([
      200,
      kept,
      null,
    ]);
    expect(stale.headers.get("warning")).toContain("may not be stored");
    const statuses = [];
    for (let round = 0; round < 2; round += 1)
      statuses.push((await cache.fetch(`/v2/team/app/manifests/${digest}`)).status);
    expect(statuses).toEqual([502, 502]);
  });
});

test("an upstream that drips has an end: what is cached is served, and the next client asks anew", async () => {
  await using upstream = await startUpstream();
  addImage(upstream, {});
  await using cache = await startCache(upstream, { env: { REGISTRY_PROXY_FRESH: "0s" } });
  const [digest = ""] = await pullImage(cache);
  addImage(upstream, { layers: [new Uint8Array([1])] });
  const moved: Behaviour = (request, response) => {
    if (request.method === "HEAD") return false;
    response.writeHead(200);
    const timer = setInterval(() => response.write(" "), 100);
    response.on("close", () => clearInterval(timer));
    return true;
  };
  upstream.behave(moved);
  const startedMs = performance.now();
  const stale = await cache.fetch("/v2/team/app/manifests/latest");
  const tookMs = performance.now() - startedMs;
  const { config } = (await stale.json()) as { config: { digest: string } };
  expect([stale.status, config.digest, tookMs < 12_000]).toEqual([200, digest, true]);
  expect(stale.headers.get("warning")).toContain("does not answer in time");
  upstream.behave(undefined);
  let isFresh = false;
  for (let round = 0; round < 100 && !isFresh; round += 1) {
    isFresh = (await cache.fetch("/v2/team/app/manifests/latest")).headers.get("warning") === null;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  expect(isFresh).toBe(true);
});
