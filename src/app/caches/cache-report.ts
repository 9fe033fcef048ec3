// Events of the caches as log lines and metrics. The first five metrics are distribution's.

import type { ContentType } from "../../client/events.ts";
import type { Logger } from "../../log/logger.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { ProxyEvent, Report } from "../../proxy/events.ts";
import type { UpstreamWarnings } from "./upstream-warnings.ts";

const types: readonly ContentType[] = ["blob", "manifest"];
const latencyBounds = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30];

/** What the report works with. */
export interface CacheReportOptions {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly warnings: UpstreamWarnings;
}

/** Reports the events of the caches. */
export function createCacheReport({ metrics, logger, warnings }: CacheReportOptions): Report {
  const log = createLog(logger, warnings);
  const count = createCount(metrics);
  return (event) => {
    count(event);
    log(event);
  };
}

function createCount(metrics: Metrics): Report {
  const { requests, hits, misses, pulled, pushed, stale, wrong, uncached, waited, latency, quota } =
    cacheMetrics(metrics);
  return (event) => {
    switch (event.kind) {
      case "request":
        return latency.observe({ upstream: event.upstream, status: String(event.status) }, event.durationMs / 1000);
      case "pull":
        requests.add({ type: event.type });
        return (event.isHit ? hits : misses).add({ type: event.type });
      case "received":
        return pulled.add({ type: event.type }, event.sizeBytes);
      case "sent":
        return pushed.add({ type: event.type }, event.sizeBytes);
      case "stale":
        return stale.add({ upstream: event.upstream });
      case "wrong":
        return wrong.add({ upstream: event.upstream });
      case "uncached":
        return uncached.add({});
      case "quota":
        return quota.set({ upstream: event.upstream }, event.remaining);
      case "waited":
        return waited.add({ outcome: event.outcome });
      case "unbound":
        return undefined;
    }
  };
}

function cacheMetrics(metrics: Metrics) {
  const counter = (name: string, help: string, known: Parameters<Metrics["counter"]>[1] = []) =>
    metrics.counter({ name: `registry_proxy_${name}`, help }, known);
  const byType = (name: string, help: string) =>
    counter(
      name,
      help,
      types.map((type) => ({ type })),
    );
  return {
    requests: byType("requests_total", "Requests of clients for content that is cached from elsewhere"),
    hits: byType("hits_total", "Requests that were answered from the cache"),
    misses: byType("misses_total", "Requests for which an upstream was asked"),
    pulled: byType("pulled_bytes_total", "Bytes that came from upstreams"),
    pushed: byType("pushed_bytes_total", "Bytes that went to clients"),
    stale: counter("stale_total", "Answers served from the cache because the upstream failed"),
    wrong: counter("wrong_content_total", "Wrong content received from upstreams"),
    uncached: counter("uncached_total", "Content served without being cached", [{}]),
    waited: counter("waited_total", "Blobs that another node had begun to fetch, by what came of the wait"),
    latency: metrics.histogram(
      {
        name: "registry_proxy_upstream_request_seconds",
        help: "Time to the response headers of an upstream, by status",
      },
      latencyBounds,
    ),
    quota: metrics.gauge({
      name: "registry_proxy_upstream_remaining_pulls",
      help: "Remaining pulls, as last reported by the upstream",
      merging: "least",
    }),
  };
}

function createLog(logger: Logger, warnings: UpstreamWarnings): Report {
  const toldRealms = new Set<string>();
  return (event: ProxyEvent) => {
    switch (event.kind) {
      case "request": {
        const { method, url, status, reason } = event;
        const ms = Math.round(event.durationMs * 10) / 10;
        if (status === 0 || status === 429 || status >= 500) {
          warnings.note(event.upstream, reason ?? `${event.upstream} answers ${status}`);
        }
        return logger.debug("upstream request", { upstream: event.upstream, method, url, status, ms, reason });
      }
      case "stale":
        return warnings.note(event.upstream, event.reason);
      case "wrong": {
        const { upstream, what, reason } = event;
        return logger.error("wrong content from upstream", { upstream, what, reason });
      }
      case "uncached":
        return logger.warn("not cached", { what: event.what, reason: event.reason });
      case "waited": {
        const { what, holder, waitedMs, outcome } = event;
        return logger.debug("waited for another node", { what, holder, ms: Math.round(waitedMs), outcome });
      }
      case "unbound":
        if (toldRealms.has(event.realm)) return undefined;
        toldRealms.add(event.realm);
        return logger.warn("the credentials are not sent to this token server; name it in realms to send them", {
          upstream: event.upstream,
          realm: event.realm,
        });
      case "pull":
      case "received":
      case "sent":
      case "quota":
        return undefined;
    }
  };
}
