// Requests as metrics. The first five are distribution's, with its labels: a handler stands for its routes.
import type { WatchRequest } from "../../http/request-watch.ts";
import type { Route } from "../../http/route.ts";
import type { Histogram, Metrics } from "../../metrics/metrics.ts";

type RouteKind = Route["kind"];

/** distribution has no referrers, and counts nothing but these and the first seven. */
type Handler =
  | "base"
  | "blob"
  | "blob_upload"
  | "blob_upload_chunk"
  | "catalog"
  | "manifest"
  | "tags"
  | "referrers"
  | "token"
  | "probe"
  | "api"
  | "other";

const handlers: Record<RouteKind, Handler> = {
  base: "base",
  root: "probe",
  pageFile: "other",
  live: "probe",
  ready: "probe",
  caCertificate: "other",
  options: "other",
  redirect: "other",
  getToken: "token",
  postToken: "token",
  catalog: "catalog",
  listTags: "tags",
  getManifest: "manifest",
  putManifest: "manifest",
  deleteManifest: "manifest",
  getBlob: "blob",
  deleteBlob: "blob",
  startUpload: "blob_upload",
  postBlob: "blob_upload",
  mountBlob: "blob_upload",
  getUpload: "blob_upload_chunk",
  patchUpload: "blob_upload_chunk",
  putUpload: "blob_upload_chunk",
  deleteUpload: "blob_upload_chunk",
  listReferrers: "referrers",
  apiSession: "api",
  apiState: "api",
  apiUsage: "api",
  apiRepositories: "api",
  apiTree: "api",
  apiTags: "api",
  apiDeletionPlan: "api",
  apiDeletion: "api",
};

const methods = ["get", "head", "post", "put", "patch", "delete", "options"];

/** distribution's bounds. */
const secondBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 60];
const byteBounds = Array.from({ length: 22 }, (_, exponent) => 1024 * 2 ** exponent);

/** Counts requests. */
export function createRequestMetrics(metrics: Metrics): WatchRequest {
  const requests = metrics.counter({ name: "registry_http_requests_total", help: "HTTP requests, by their answers" });
  const inFlight = metrics.gauge(
    { name: "registry_http_in_flight_requests", help: "HTTP requests that are being answered" },
    [...new Set(Object.values(handlers))].map((handler) => ({ handler })),
  );
  const { duration, requestSize, responseSize, routes } = createHistograms(metrics);
  const refusals = metrics.counter({
    name: "registry_refusals_total",
    help: "Requests that were refused, by the reason; a login that is asked for is one (UNAUTHORIZED)",
  });
  return (kind) => {
    const handler = kind === undefined ? "other" : handlers[kind];
    inFlight.add({ handler }, 1);
    return (ended) => {
      inFlight.add({ handler }, -1);
      const lower = ended.method.toLowerCase();
      const method = methods.includes(lower) ? lower : "unknown";
      const code = String(ended.status);
      const seconds = ended.durationMs / 1000;
      requests.add({ code, handler, method });
      duration.observe({ handler, method }, seconds);
      requestSize.observe({ handler }, ended.requestBytes);
      if (ended.responseBytes !== undefined) responseSize.observe({ handler }, ended.responseBytes);
      routes.observe({ route: nameOf(kind), status: code }, seconds);
      if (ended.refusal !== undefined) refusals.add({ reason: ended.refusal });
    };
  };
}

function createHistograms(metrics: Metrics): Record<"duration" | "requestSize" | "responseSize" | "routes", Histogram> {
  return {
    duration: metrics.histogram(
      {
        name: "registry_http_request_duration_seconds",
        help: "Time until the headers of an answer; its body may take longer",
      },
      secondBounds,
    ),
    requestSize: metrics.histogram(
      { name: "registry_http_request_size_bytes", help: "Sizes of requests: line, headers and the announced body" },
      byteBounds,
    ),
    responseSize: metrics.histogram(
      { name: "registry_http_response_size_bytes", help: "Sizes of the bodies of answers that announce them" },
      byteBounds,
    ),
    routes: metrics.histogram(
      { name: "registry_route_duration_seconds", help: "Time until the headers of an answer, by route and status" },
      secondBounds,
    ),
  };
}

/** In the way of labels: `put_manifest`. */
function nameOf(kind: RouteKind | undefined): string {
  return kind === undefined ? "none" : kind.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
