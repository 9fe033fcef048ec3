// The span of a request, in the words of OpenTelemetry's conventions for HTTP servers.
import type { Ending } from "../tracing/tracer.ts";
import type { Route } from "./route.ts";

/** A request and how it went. */
export interface SpannedRequest {
  readonly request: Request;
  /** Undefined if there is none. */
  readonly route: Route | undefined;
  readonly status: number;
  readonly requestId: string;
  readonly remote: string | undefined;
}

const patterns: Record<Route["kind"], string> = {
  base: "/v2/",
  root: "/",
  pageFile: "/-/assets/{file}",
  live: "/livez",
  ready: "/readyz",
  caCertificate: "/ca.crt",
  getToken: "/auth/token",
  postToken: "/auth/token",
  options: "*",
  redirect: "*",
  catalog: "/v2/_catalog",
  listTags: "/v2/{name}/tags/list",
  getManifest: "/v2/{name}/manifests/{reference}",
  putManifest: "/v2/{name}/manifests/{reference}",
  deleteManifest: "/v2/{name}/manifests/{reference}",
  getBlob: "/v2/{name}/blobs/{digest}",
  deleteBlob: "/v2/{name}/blobs/{digest}",
  startUpload: "/v2/{name}/blobs/uploads/",
  postBlob: "/v2/{name}/blobs/uploads/",
  mountBlob: "/v2/{name}/blobs/uploads/",
  getUpload: "/v2/{name}/blobs/uploads/{uuid}",
  patchUpload: "/v2/{name}/blobs/uploads/{uuid}",
  putUpload: "/v2/{name}/blobs/uploads/{uuid}",
  deleteUpload: "/v2/{name}/blobs/uploads/{uuid}",
  listReferrers: "/v2/{name}/referrers/{digest}",
  apiSession: "/-/api/v1/session",
  apiState: "/-/api/v1/state",
  apiUsage: "/-/api/v1/usage",
  apiRepositories: "/-/api/v1/repositories",
  apiTree: "/-/api/v1/tree",
  apiTags: "/-/api/v1/repositories/{name}/tags",
  apiDeletionPlan: "/-/api/v1/repositories/{name}/deletion-plan",
  apiDeletion: "/-/api/v1/repositories/{name}/deletions",
};

const knownMethods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"];
const maxPath = 500;

/** The end of a request's span. Only what is ours is a failure, as the conventions want it of servers. */
export function endingOf({ request, route, status, requestId, remote }: SpannedRequest): Ending {
  const method = knownMethods.includes(request.method) ? request.method : "_OTHER";
  const pattern = route === undefined ? undefined : patterns[route.kind];
  return {
    name: pattern === undefined ? method : `${method} ${pattern}`,
    attributes: {
      "http.request.method": method,
      "http.route": pattern,
      "http.response.status_code": status,
      "url.path": request.url
        .replace(/^[a-z]+:\/\/[^/?#]*/i, "")
        .split("?", 1)[0]
        ?.slice(0, maxPath),
      "client.address": remote,
      "registry.repository": route !== undefined && "name" in route ? route.name : undefined,
      "registry.request.id": requestId,
    },
    failure: status >= 500 ? `answered ${status}` : undefined,
  };
}
