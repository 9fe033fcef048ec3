// A second listener that serves metrics and nothing else, for an address that only the operator's programs reach.

/** Where metrics are served. */
export interface MetricsListenOptions {
  /** Undefined: all addresses. */
  readonly hostname: string | undefined;
  readonly port: number;
  readonly path: string;
}

/** A running listener. */
export interface MetricsServer {
  readonly port: number;
  stop(): Promise<void>;
}

const contentType = "text/plain; version=0.0.4; charset=utf-8";

/** Listens, or throws the system's error. `format` returns the current metrics. */
export function startMetricsServer(
  { hostname, port, path }: MetricsListenOptions,
  format: () => string,
): MetricsServer {
  const server = Bun.serve({
    ...(hostname === undefined ? {} : { hostname }),
    port,
    development: false,
    fetch: (request) => {
      const isMetrics = URL.parse(request.url)?.pathname === path && ["GET", "HEAD"].includes(request.method);
      if (!isMetrics) return new Response("only metrics are served here\n", { status: 404 });
      return new Response(format(), { headers: { "Content-Type": contentType } });
    },
    error: () => new Response(null, { status: 500 }),
  });
  return { port: server.port ?? port, stop: () => server.stop(true) };
}
