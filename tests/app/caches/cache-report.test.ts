import { expect, test } from "bun:test";
import { createCacheReport } from "../../../src/app/caches/cache-report.ts";
import { createUpstreamWarnings } from "../../../src/app/caches/upstream-warnings.ts";
import { createLogger } from "../../../src/log/logger.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import type { ProxyEvent } from "../../../src/proxy/events.ts";

const upstream = "up.example";
const events: readonly ProxyEvent[] = [
  {
    kind: "request",
    upstream,
    method: "GET",
    url: "https://up.example/v2/a",
    status: 200,
    durationMs: 20,
    reason: undefined,
  },
  { kind: "pull", type: "blob", isHit: true },
  { kind: "pull", type: "manifest", isHit: false },
  { kind: "received", type: "blob", sizeBytes: 100 },
  { kind: "sent", type: "blob", sizeBytes: 50 },
  { kind: "stale", upstream, name: "a", reason: "down" },
  { kind: "wrong", upstream, what: "a@sha256:00", reason: "has another digest" },
  { kind: "uncached", what: "sha256:00", reason: "the disk is nearly full" },
  { kind: "waited", what: "sha256:00", holder: "node 2", waitedMs: 2000.4, outcome: "stored" },
  { kind: "unbound", upstream, realm: "elsewhere.example" },
  { kind: "unbound", upstream, realm: "elsewhere.example" },
  { kind: "quota", upstream, remaining: 76 },
];

test("events become metrics and log lines", async () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>);
  const metrics = new Metrics();
  const logger = createLogger({ level: "debug", format: "json", write, now: () => 0 });
  const report = createCacheReport({ metrics, logger, warnings: createUpstreamWarnings(logger, () => {}) });
  for (const event of events) report(event);
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    ["debug", "upstream request"],
    ["warning", "an upstream is of no help"],
    ["error", "wrong content from upstream"],
    ["warning", "not cached"],
    ["debug", "waited for another node"],
    ["warning", "the credentials are not sent to this token server; name it in realms to send them"],
  ]);
  const samples = (await metrics.format())
    .split("\n")
    .filter((line) => !line.startsWith("#") && !line.includes("_bucket"));
  expect(samples).toEqual([
    'registry_proxy_requests_total{type="blob"} 1',
    'registry_proxy_requests_total{type="manifest"} 1',
    'registry_proxy_hits_total{type="blob"} 1',
    'registry_proxy_hits_total{type="manifest"} 0',
    'registry_proxy_misses_total{type="blob"} 0',
    'registry_proxy_misses_total{type="manifest"} 1',
    'registry_proxy_pulled_bytes_total{type="blob"} 100',
    'registry_proxy_pulled_bytes_total{type="manifest"} 0',
    'registry_proxy_pushed_bytes_total{type="blob"} 50',
    'registry_proxy_pushed_bytes_total{type="manifest"} 0',
    'registry_proxy_stale_total{upstream="up.example"} 1',
    'registry_proxy_wrong_content_total{upstream="up.example"} 1',
    "registry_proxy_uncached_total 1",
    'registry_proxy_waited_total{outcome="stored"} 1',
    'registry_proxy_upstream_request_seconds_sum{upstream="up.example",status="200"} 0.02',
    'registry_proxy_upstream_request_seconds_count{upstream="up.example",status="200"} 1',
    'registry_proxy_upstream_remaining_pulls{upstream="up.example"} 76',
    "",
  ]);
});

test.each([
  [0, "cannot be reached", "cannot be reached"],
  [429, undefined, "up.example answers 429"],
  [503, undefined, "up.example answers 503"],
  [401, undefined, undefined],
  [404, undefined, undefined],
])("an upstream that answers %p is of no help: %p", (status, reason, want) => {
  const notes: string[] = [];
  const logger = createLogger({ level: "error", format: "json", write: () => {}, now: () => 0 });
  const warnings = { note: (_: string, said: string) => void notes.push(said) };
  const report = createCacheReport({ metrics: new Metrics(), logger, warnings });
  report({ kind: "request", upstream, method: "GET", url: "https://up.example/", status, durationMs: 1, reason });
  expect(notes).toEqual(want === undefined ? [] : [want]);
});
