// Traces through the built executable: from a caller to an upstream, into the log, and to a collector.
import { expect, test } from "bun:test";
import { addImage, logged, startCache } from "../cache/caches.ts";
import { startUpstream } from "../proxy/misbehaving-upstream.ts";
import { startCollector } from "./collector.ts";
import { startRegistry } from "./executable.ts";
import { waitUntil } from "./program.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const above = "00f067aa0ba902b7";
const headers = { traceparent: `00-${traceId}-${above}-01`, tracestate: "a=1" };
const server = 2;
const client = 3;

/** An upstream with an image that notes the trace of each request. */
async function startNoting() {
  const upstream = await startUpstream();
  const noted: (readonly [unknown, unknown])[] = [];
  addImage(upstream, {});
  upstream.behave((request) => {
    noted.push([request.headers.traceparent, request.headers.tracestate]);
    return false;
  });
  return { upstream, noted };
}

test("a pull through the cache is a span with one below it for each request to the upstream", async () => {
  const { upstream, noted } = await startNoting();
  await using _upstream = upstream;
  using collector = startCollector();
  await using cache = await startCache(upstream, {
    env: {
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SERVICE_NAME: "mirror", OTEL_BSP_SCHEDULE_DELAY: "10" },
      REGISTRY_LOG_LEVEL: "info",
    },
    level: "debug",
  });
  const path = "/v2/team/app/manifests/latest";
  const answer = await cache.fetch(path, { headers });
  expect(answer.status).toBe(200);
  const own = await waitUntil("the span arrives", () => collector.spans.find(({ kind }) => kind === server));
  const below = await waitUntil("the spans below it arrive", () => {
    const found = collector.spans.filter(({ kind, parentSpanId }) => kind === client && parentSpanId === own.spanId);
    return found.length >= noted.length && found;
  });
  const isHead = { "http.request.method": "GET", "http.route": "/v2/{name}/manifests/{reference}" };
  expect(own).toMatchObject({
    ...{ traceId, parentSpanId: above, name: "GET /v2/{name}/manifests/{reference}", service: "mirror" },
    attributes: { ...isHead, "http.response.status_code": 200, "registry.repository": "team/app", "url.path": path },
  });
  expect(below.map(({ attributes }) => attributes["url.full"])).toContain(`${upstream.url.origin}${path}`);
  // Each of them carries its own span to the upstream.
  expect(noted.map(([parent]) => parent).sort()).toEqual(
    below.map(({ spanId }) => `00-${traceId}-${spanId}-01`).sort(),
  );
  expect(noted.every(([, state]) => state === "a=1")).toBe(true);
  const line = await waitUntil("the log has its line", () =>
    logged(cache, "request").find((each) => each.includes(path)),
  );
  expect(line).toContain(`trace_id=${traceId} span_id=${own.spanId}`);
  // The last spans are not lost at the end.
  const last = await cache.fetch("/v2/", { headers });
  expect([last.status, await cache.stop()]).toEqual([200, 0]);
  expect(collector.spans.filter(({ name }) => name === "GET /v2/").length).toBe(1);
});

test("without a collector a trace is logged and passed on as it came, and nothing is said of tracing", async () => {
  const { upstream, noted } = await startNoting();
  await using _upstream = upstream;
  await using cache = await startCache(upstream, { level: "debug", env: { OTEL_SERVICE_NAME: "mirror" } });
  const path = "/v2/team/app/manifests/latest";
  await cache.fetch(path, { headers });
  expect(new Set(noted.map(([parent]) => parent))).toEqual(new Set([headers.traceparent]));
  const line = await waitUntil("the log has its line", () =>
    logged(cache, "request").find((each) => each.includes(path)),
  );
  expect([line.includes(`trace_id=${traceId}`), line.includes("span_id")]).toEqual([true, false]);
  noted.length = 0;
  await cache.fetch("/v2/team/app/manifests/other");
  expect(noted.every(([parent]) => parent === undefined)).toBe(true);
  expect(cache.stderr().toLowerCase()).not.toMatch(/otel|otlp|collector|spans/);
});

test("a collector that is down or hangs costs one warning, and no request anything", async () => {
  using hanging = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  for (const port of [1, hanging.port]) {
    await using registry = await startRegistry({
      args: ["--http"],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_EXPORTER_OTLP_TIMEOUT: "200",
        OTEL_BSP_MAX_QUEUE_SIZE: "4",
        OTEL_BSP_SCHEDULE_DELAY: "10",
      },
    });
    for (let count = 0; count < 50; count += 1) expect((await registry.fetch("/v2/")).status).toBe(200);
    await waitUntil("it is told", () => logged(registry, "spans were lost").length > 0);
    expect(logged(registry, "spans were lost").length).toBe(1);
    expect(await registry.stop()).toBe(0);
  }
});
