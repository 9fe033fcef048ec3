// Upstreams whose refusals never end: the cache gives each of them up after a moment, and its descriptors with it.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { missing, waitUntil } from "../e2e/program.ts";
import { type Behaviour, digestOf, startUpstream } from "../proxy/misbehaving-upstream.ts";
import { startCache } from "./caches.ts";

const canCount = existsSync("/proc/self/fd") || missing("descriptors are counted in /proc, which Linux has");
const descriptors = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

/** Answers with this status and a byte now and then. */
const dripping =
  (status: number, headers: Record<string, string>): Behaviour =>
  (_request, response) => {
    response.writeHead(status, headers);
    const timer = setInterval(() => response.write("x"), 100);
    response.on("close", () => clearInterval(timer));
    return true;
  };

describe.skipIf(!canCount)("a refusal whose body drips costs no descriptor for long", () => {
  test.each([
    [404, {}],
    [404, { "Content-Length": "60000" }],
    [401, { "Content-Length": "60000" }],
    [429, { "Content-Length": "60000" }],
    [503, { "Content-Length": "60000" }],
    [307, { Location: "/v2/elsewhere", "Content-Length": "60000" }],
    [206, { "Content-Length": "60000", "Content-Range": "bytes 7-60006/70000" }],
  ])("%d with %p", async (status, headers) => {
    await using upstream = await startUpstream();
    upstream.behave(dripping(status, headers));
    await using cache = await startCache(upstream);
    const before = descriptors(cache.pid);
    const paths = Array.from({ length: 50 }, (_, index) =>
      ["blobs", "manifests", "tags", "referrers"].map(
        (kind) => `/v2/team/app/${kind}/${kind === "tags" ? "list" : digestOf(`${kind} ${index}`)}`,
      ),
    ).flat();
    await Promise.all(
      paths.map(async (path) => (await cache.fetch(path, { headers: { Connection: "close" } })).text()),
    );
    await waitUntil("the descriptors are closed", () => descriptors(cache.pid) <= before + 10);
    expect(upstream.requests.length).toBeGreaterThan(0);
  });
});
