// Paths as clients write them: percent-encoded, with repeated slashes, or with a trailing one. distribution's router
// decodes the first and redirects the others.
import { RegistryError } from "../oci/errors.ts";

/** Decoded once; what comes out must still fit the grammar of names, tags and digests. */
export function decodePath(path: string): string {
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    throw new RegistryError("REQUEST_INVALID", { message: "the path has a malformed escape" });
  }
}

/** With single slashes, so that a redirect to it never leaves this server. Bun has resolved dots already. */
export function collapseSlashes(path: string): string {
  return path.includes("//") ? path.replace(/\/{2,}/g, "/") : path;
}

/** Without its trailing slash; undefined if it has none. */
export function withoutTrailingSlash(path: string): string | undefined {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : undefined;
}

/**
 * Bun folds dots and leaves a bare path if Host is malformed, or absent as in HTTP/1.0 (health checks); two Host
 * headers arrive joined by a comma.
 */
export function parseUrl(request: Request): URL {
  const isHostless = !request.headers.has("host");
  const url = URL.parse(request.url) ?? (isHostless ? URL.parse(`http://localhost${request.url}`) : null);
  if (request.method === "CONNECT") throw new RegistryError("METHOD_NOT_ALLOWED", { headers: { Allow: "GET" } });
  if (url === null || (request.headers.get("host") ?? "").includes(",")) {
    throw new RegistryError("REQUEST_INVALID", { message: "the Host header is malformed" });
  }
  return url;
}
