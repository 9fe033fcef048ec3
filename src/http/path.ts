// Paths as clients write them: encoded once, with slashes that are too many, or with one at the end. distribution's router
// decodes the first, and answers the others with a redirect.
import { RegistryError } from "../oci/errors.ts";

/** Decoded once; what comes out must still fit the grammar of names, tags and digests. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new RegistryError("REQUEST_INVALID", { message: "the path has a malformed escape" });
  }
}

/** With single slashes, so that a redirect to it never leaves this server. Bun has folded dots already. */
export function collapseSlashes(path: string): string {
  return path.replace(/\/{2,}/g, "/");
}

/** Without the slash at its end; undefined where it has none. */
export function withoutTrailingSlash(path: string): string | undefined {
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : undefined;
}
