// What a request asks for: method, path and query become one value of a closed union, or a refusal.
//
//   /v2/                                   base
//   /v2/_catalog                           catalog
//   /v2/<name>/tags/list                   tags
//   /v2/<name>/manifests/<reference>       manifests
//   /v2/<name>/blobs/<digest>              blobs
//   /v2/<name>/blobs/uploads/[<uuid>]      uploads
//   /v2/<name>/referrers/<digest>          referrers
//   /auth/token                            tokens
//   /ca.crt  /                             the certificate authority; a sign of life
//   /livez  /readyz                        probes: whether it runs; whether requests should come here
//   /-/api/v1/…                            the read API: see api/api-route.ts
//   /-/assets/<file>                       a file of the web page; no repository can have such a path
//
// The last two or three segments tell a path apart, so a repository may be called "tags/list" or "blobs/uploads".
import type { Digest } from "../oci/digest.ts";
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import { parseReference, parseTag, type Reference, type Tag } from "../oci/reference.ts";
import { type ApiRoute, apiPrefix, findApiPlace, parseApiRoute } from "./api/api-route.ts";
import { type PageQuery, parsePageQuery, singleValue } from "./pagination.ts";
import { collapseSlashes, decodePath, withoutTrailingSlash } from "./path.ts";
import { requireDigest, requireName } from "./route-parts.ts";
import { parseUploadRoute, parseUploadStart, type UploadRoute } from "./upload-route.ts";

/** Everything that can be asked of the server. */
export type Route =
  | { readonly kind: "base" | "root" | "caCertificate" | "live" | "ready" }
  | { readonly kind: "getToken"; readonly query: URLSearchParams }
  | { readonly kind: "postToken" }
  | { readonly kind: "pageFile"; readonly file: string }
  | { readonly kind: "options"; readonly allow: string }
  | { readonly kind: "redirect"; readonly location: string }
  | { readonly kind: "catalog"; readonly page: PageQuery }
  | { readonly kind: "listTags"; readonly name: RepositoryName; readonly page: PageQuery }
  | { readonly kind: "getManifest" | "deleteManifest"; readonly name: RepositoryName; readonly reference: Reference }
  | {
      readonly kind: "putManifest";
      readonly name: RepositoryName;
      readonly reference: Reference;
      readonly tags: readonly Tag[];
    }
  | { readonly kind: "getBlob" | "deleteBlob"; readonly name: RepositoryName; readonly digest: Digest }
  | UploadRoute
  | ApiRoute
  | {
      readonly kind: "listReferrers";
      readonly name: RepositoryName;
      readonly digest: Digest;
      readonly filter: ReferrersFilter;
    };

/** The route of this kind. */
export type RouteOf<Kind extends Route["kind"]> = Extract<Route, { readonly kind: Kind }>;

/** Which referrers are asked for. */
export interface ReferrersFilter {
  readonly artifactType: string | undefined;
  readonly after: Digest | undefined;
}

/** What routing needs of a request. */
export interface RouteRequest {
  readonly method: string;
  /** Still percent-encoded, as in the URL. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The prefix of every path: "/" or "/some/where/". */
  readonly prefix: string;
}

const methods = {
  root: ["GET", "HEAD"],
  caCertificate: ["GET", "HEAD"],
  live: ["GET", "HEAD"],
  ready: ["GET", "HEAD"],
  base: ["GET", "HEAD"],
  token: ["GET", "POST"],
  pageFile: ["GET", "HEAD"],
  catalog: ["GET", "HEAD"],
  tags: ["GET", "HEAD"],
  manifests: ["GET", "HEAD", "PUT", "DELETE"],
  blobs: ["GET", "HEAD", "DELETE"],
  uploads: ["POST"],
  upload: ["GET", "HEAD", "PATCH", "PUT", "DELETE"],
  referrers: ["GET", "HEAD"],
  api: ["GET", "HEAD"],
  apiAction: ["POST"],
};

type Resource = keyof typeof methods;

const pageFiles = "-/assets/";

/** More than any client sends; the spec requires at least 10. */
const maxTags = 100;

interface RoutePlace {
  readonly resource: Resource;
  /** The segments of the repository name, not checked yet. */
  readonly name: readonly string[];
  readonly last: string;
}

/** The route of a request; throws a RegistryError if there is none. */
export function parseRoute(request: RouteRequest): Route {
  const better = findBetterPath(request);
  if (better !== undefined) return { kind: "redirect", location: formatTarget(better, request.query) };
  const place = findPlace(decodePath(request.path), request.prefix);
  if (place === undefined) throw new RegistryError("NOT_FOUND");
  const allowed = methods[place.resource];
  if (!allowed.includes(request.method)) {
    const allow = [...allowed, "OPTIONS"].join(", ");
    if (request.method === "OPTIONS") return { kind: "options", allow };
    throw new RegistryError("METHOD_NOT_ALLOWED", { headers: { Allow: allow } });
  }
  // HEAD is GET without a body; the handlers of content see the difference.
  const method = request.method === "HEAD" ? "GET" : request.method;
  return routeOf(place, method, request.query);
}

/** The intended path, if only slashes are wrong. */
function findBetterPath({ path, prefix }: RouteRequest): string | undefined {
  const collapsed = collapseSlashes(path);
  if (collapsed !== path) return collapsed;
  const shorter = withoutTrailingSlash(path);
  if (shorter === undefined || findPlace(decodePath(path), prefix) !== undefined) return undefined;
  return findPlace(decodePath(shorter), prefix) === undefined ? undefined : shorter;
}

function formatTarget(path: string, query: URLSearchParams): string {
  return query.size === 0 ? path : `${path}?${query}`;
}

const besidePrefix: readonly string[] = ["/", "/ca.crt", "/livez", "/readyz"];

const fixed: Readonly<Record<string, Resource>> = {
  "": "root",
  "ca.crt": "caCertificate",
  livez: "live",
  readyz: "ready",
  "auth/token": "token",
  v2: "base",
  "v2/": "base",
  "v2/_catalog": "catalog",
};

function findPlace(path: string, prefix: string): RoutePlace | undefined {
  // Load balancers, probes and `registry trust` do not know the prefix.
  const isBesidePrefix = besidePrefix.includes(path);
  if (!isBesidePrefix && !path.startsWith(prefix)) return undefined;
  const rest = path.slice(isBesidePrefix ? 1 : prefix.length);
  const resource = Object.hasOwn(fixed, rest) ? fixed[rest] : undefined;
  if (resource !== undefined) return { resource, name: [], last: "" };
  if (rest.startsWith(apiPrefix)) return findInApi(rest.slice(apiPrefix.length));
  if (rest.startsWith(pageFiles)) return { resource: "pageFile", name: [], last: rest.slice(pageFiles.length) };
  return rest.startsWith("v2/") ? findInRepository(rest.slice("v2/".length).split("/")) : undefined;
}

function findInApi(rest: string): RoutePlace | undefined {
  const place = findApiPlace(rest.split("/"));
  if (place === undefined) return undefined;
  return { resource: place.isAction ? "apiAction" : "api", name: place.name, last: place.word };
}

function findInRepository(segments: readonly string[]): RoutePlace | undefined {
  const last = segments.at(-1) ?? "";
  const word = segments.at(-2);
  const name = segments.slice(0, -2);
  if (word === "manifests" || word === "referrers") return { resource: word, name, last };
  if (word === "tags" && last === "list") return { resource: "tags", name, last };
  // People type "blobs/uploads" without the slash; no digest looks like it.
  if (word === "blobs") return { resource: last === "uploads" ? "uploads" : "blobs", name, last };
  if (word === "uploads" && segments.at(-3) === "blobs") {
    return { resource: last === "" ? "uploads" : "upload", name: segments.slice(0, -3), last };
  }
  return undefined;
}

function routeOf(place: RoutePlace, method: string, query: URLSearchParams): Route {
  switch (place.resource) {
    case "root":
    case "base":
    case "caCertificate":
    case "live":
    case "ready":
      return { kind: place.resource };
    case "token":
      return method === "GET" ? { kind: "getToken", query } : { kind: "postToken" };
    case "pageFile":
      return { kind: "pageFile", file: place.last };
    case "catalog":
      return { kind: "catalog", page: parsePageQuery(query) };
    case "tags":
      return { kind: "listTags", name: requireName(place.name), page: parsePageQuery(query) };
    case "manifests":
      return manifestRoute(place, method, query);
    case "blobs":
      return {
        kind: method === "GET" ? "getBlob" : "deleteBlob",
        name: requireName(place.name),
        digest: requireDigest(place.last),
      };
    case "uploads":
      return parseUploadStart(requireName(place.name), query);
    case "upload":
      return parseUploadRoute({ name: requireName(place.name), text: place.last }, { method, query });
    case "referrers":
      return referrersRoute(place, query);
    case "api":
    case "apiAction":
      return parseApiRoute({ word: place.last, name: place.name }, query);
  }
}

function manifestRoute(place: RoutePlace, method: string, query: URLSearchParams): Route {
  const name = requireName(place.name);
  const text = place.last;
  const reference = parseReference(text);
  if (reference === undefined) {
    // A name that no tag can have is not found: the conformance program of 1.1 asks for one and wants 404.
    const tagCode = method === "PUT" ? "TAG_INVALID" : "MANIFEST_UNKNOWN";
    throw new RegistryError(text.includes(":") ? "DIGEST_INVALID" : tagCode, {
      message: "neither a valid tag nor a valid digest",
      detail: { reference: text.slice(0, 200) },
    });
  }
  if (method === "GET") return { kind: "getManifest", name, reference };
  if (method === "DELETE") return { kind: "deleteManifest", name, reference };
  return {
    kind: "putManifest",
    name,
    reference,
    tags: reference.kind === "tag" ? ownTag(reference.tag, query) : tagsOf(query),
  };
}

function ownTag(tag: Tag, query: URLSearchParams): readonly Tag[] {
  if (!query.has("tag")) return [tag];
  throw new RegistryError("REQUEST_INVALID", { message: "the query parameter tag goes with a push by digest" });
}

function tagsOf(query: URLSearchParams): readonly Tag[] {
  const texts = query.getAll("tag");
  if (texts.length > maxTags) throw new RegistryError("TOO_MANY_TAGS", { detail: { atMost: maxTags } });
  return [...new Set(texts)].map((text) => {
    const tag = parseTag(text);
    if (tag === undefined)
      throw new RegistryError("TAG_INVALID", { message: "invalid tag", detail: { tag: text.slice(0, 200) } });
    return tag;
  });
}

function referrersRoute(place: RoutePlace, query: URLSearchParams): Route {
  const last = singleValue(query, "last");
  const filter = {
    // An empty value is a filter too: for those without a type.
    artifactType: query.has("artifactType") ? (singleValue(query, "artifactType") ?? "") : undefined,
    after: last === undefined ? undefined : requireDigest(last),
  };
  return { kind: "listReferrers", name: requireName(place.name), digest: requireDigest(place.last), filter };
}
