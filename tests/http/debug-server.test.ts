import { expect, test } from "bun:test";
import { startDebugServer } from "../../src/http/debug-server.ts";
import { Health } from "../../src/http/health.ts";

const up = { path: "/metrics", format: async () => "up 1\n" };

/** A listener that is asked, and stopped at the end. */
function started(health = new Health()) {
  const server = startDebugServer({ hostname: "127.0.0.1", port: 0, health, metrics: up });
  const ask = async (path: string, method = "GET", headers: Record<string, string> = {}) => {
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { method, headers });
    return [answer.status, await answer.text()];
  };
  return { ask, port: server.port, [Symbol.asyncDispose]: () => server.stop() };
}

const elsewhere = [404, "only these are served here: /metrics, /debug/health\n"];

test.each([
  ["GET", "/metrics", [200, "up 1\n"]],
  ["HEAD", "/metrics", [200, ""]],
  ["POST", "/metrics", elsewhere],
  ["GET", "/metrics/", elsewhere],
  ["GET", "/", elsewhere],
  ["GET", "/debug/health", [200, "{}"]],
  ["POST", "/debug/health", elsewhere],
  ["GET", "/debug/health/down", elsewhere],
  ["POST", "/debug/health/sideways", elsewhere],
])("%s %s", async (method, path, want) => {
  await using server = started();
  expect(await server.ask(path, method)).toEqual(want);
});

test("metrics have Prometheus's content type", async () => {
  await using server = started();
  const { headers } = await fetch(`http://127.0.0.1:${server.port}/metrics`);
  expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
});

test("without metrics there is health alone", async () => {
  const server = startDebugServer({ hostname: "127.0.0.1", port: 0, health: new Health(), metrics: undefined });
  const answers = await Promise.all(
    ["/metrics", "/debug/health"].map((path) => fetch(`http://127.0.0.1:${server.port}${path}`)),
  );
  await server.stop();
  expect(answers.map(({ status }) => status)).toEqual([404, 200]);
});

test("what checks found is shown, and the operator's switch takes the registry out of service and back", async () => {
  const health = new Health();
  await using server = started(health);
  health.note("tcp", "refused");
  const found = await server.ask("/debug/health");
  health.note("tcp", undefined);
  const answers = [
    await server.ask("/debug/health/down", "POST"),
    await server.ask("/debug/health"),
    await server.ask("/debug/health/up", "POST"),
    await server.ask("/debug/health"),
  ];
  expect([found, ...answers]).toEqual([
    [503, '{"tcp":"refused"}'],
    [200, ""],
    [503, '{"manual_http_status":"manual Check"}'],
    [200, ""],
    [200, "{}"],
  ]);
});

test("a page in a browser cannot use the switch", async () => {
  const health = new Health();
  await using server = started(health);
  const [status] = await server.ask("/debug/health/down", "POST", { Origin: "https://evil.example" });
  expect([status, health.isReady()]).toEqual([403, true]);
});

test("it listens at its address alone", async () => {
  await using server = started();
  const answer = await fetch(`http://127.0.0.2:${server.port}/metrics`).catch(() => "no connection");
  expect(answer).toBe("no connection");
});
