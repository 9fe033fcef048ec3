// The listener of http.debug.addr, if there is one.
import { parseListenAddress } from "../../config/listen-address.ts";
import type { Configuration } from "../../config/schema.ts";
import { type DebugServer, startDebugServer } from "../../http/debug-server.ts";
import type { Health } from "../../http/health.ts";
import type { Logger } from "../../log/logger.ts";
import { explainListening, StartError } from "../start-error.ts";

/** What is served there. */
export interface DebugDependencies {
  readonly health: Health;
  /** The current metrics in Prometheus's text format. */
  readonly formatMetrics: () => Promise<string>;
  readonly logger: Logger;
}

/** Listens, or throws a StartError; undefined if no address is configured. */
export function openDebugListener(
  { http }: Configuration,
  { health, formatMetrics, logger }: DebugDependencies,
): DebugServer | undefined {
  const { addr, prometheus } = http.debug;
  if (addr === undefined) return undefined;
  const address = parseListenAddress(addr);
  if (address === undefined) throw new StartError(`${addr} is not an address to listen on (http.debug.addr)`);
  const served = prometheus.enabled ? { path: prometheus.path, format: formatMetrics } : undefined;
  const start = () => startDebugServer({ ...address, health, metrics: served });
  const listener = explainListening(addr, start, { key: "http.debug.addr" });
  logger.info("health is told at another address", { port: listener.port, metrics: served?.path });
  return listener;
}
