// A second listener, for an address that only the operator's programs reach: metrics, health and its switch.
//
//   GET  /metrics                           or what http.debug.prometheus.path says
//   GET  /debug/health                      200 {} or 503 {"check": "problem"}
//   POST /debug/health/down, …/up           the operator's switch

import type { Health } from "./health.ts";

/** Where it listens, and what it serves. */
export interface DebugListenOptions {
  /** Undefined: all addresses. */
  readonly hostname: string | undefined;
  readonly port: number;
  readonly health: Health;
  /** Undefined: no metrics are served. */
  readonly metrics: ServedMetrics | undefined;
}

interface ServedMetrics {
  readonly path: string;
  /** The current metrics in Prometheus's text format. */
  readonly format: () => Promise<string>;
}

/** A running listener. */
export interface DebugServer {
  readonly port: number;
  stop(): Promise<void>;
}

const metricsType = "text/plain; version=0.0.4; charset=utf-8";

/** Listens, or throws the system's error. */
export function startDebugServer(options: DebugListenOptions): DebugServer {
  const { hostname, port } = options;
  const server = Bun.serve({
    ...(hostname === undefined ? {} : { hostname }),
    port,
    development: false,
    fetch: (request) => answer(request, options),
    error: () => new Response(null, { status: 500 }),
  });
  return { port: server.port ?? port, stop: () => server.stop(true) };
}

async function answer(request: Request, { health, metrics }: DebugListenOptions): Promise<Response> {
  const path = URL.parse(request.url)?.pathname ?? "";
  const isRead = ["GET", "HEAD"].includes(request.method);
  if (isRead && metrics !== undefined && path === metrics.path) {
    return new Response(await metrics.format(), { headers: { "Content-Type": metricsType } });
  }
  if (isRead && path === "/debug/health") return describeHealth(health);
  const position = /^\/debug\/health\/(up|down)$/.exec(path)?.[1];
  if (request.method === "POST" && (position === "up" || position === "down")) return flip(request, health, position);
  const offered = [...(metrics === undefined ? [] : [metrics.path]), "/debug/health"];
  return new Response(`only these are served here: ${offered.join(", ")}\n`, { status: 404 });
}

function describeHealth(health: Health): Response {
  const problems = health.problems();
  return Response.json(problems, { status: Object.keys(problems).length === 0 ? 200 : 503 });
}

/** Refuses browsers: a page of anybody's could send them here, from the operator's own machine. */
function flip(request: Request, health: Health, position: "up" | "down"): Response {
  if (request.headers.has("origin")) return new Response("not for browsers\n", { status: 403 });
  health.switchTo(position);
  return new Response(null, { status: 200 });
}
