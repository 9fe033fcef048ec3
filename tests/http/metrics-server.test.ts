import { expect, test } from "bun:test";
import { startMetricsServer } from "../../src/http/metrics-server.ts";

test("metrics are served at their path, and nothing else is", async () => {
  const server = startMetricsServer({ hostname: "127.0.0.1", port: 0, path: "/metrics" }, () => "up 1\n");
  const ask = (path: string, method = "GET") => fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  const found = await ask("/metrics");
  const text = [found.status, found.headers.get("content-type"), await found.text()];
  const others = await Promise.all([ask("/"), ask("/metrics/"), ask("/metrics", "POST")]);
  await server.stop();
  expect([text, others.map(({ status }) => status)]).toEqual([
    [200, "text/plain; version=0.0.4; charset=utf-8", "up 1\n"],
    [404, 404, 404],
  ]);
});

test("metrics are served at their address alone", async () => {
  const server = startMetricsServer({ hostname: "127.0.0.1", port: 0, path: "/metrics" }, () => "up 1\n");
  const elsewhere = await fetch(`http://127.0.0.2:${server.port}/metrics`).catch(() => "no connection");
  await server.stop();
  expect(elsewhere).toBe("no connection");
});
