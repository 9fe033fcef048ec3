// The query parameter `ns`, by which containerd asks a mirror for a repository of another registry.
import { RegistryError } from "../oci/errors.ts";
import type { RepositoryName } from "../oci/name.ts";
import { singleValue } from "./pagination.ts";
import type { Route } from "./route.ts";

/** The repository here for what the registry `ns` calls `name`; undefined if that registry is not cached. */
export type FindNamespaced = (ns: string, name: RepositoryName) => RepositoryName | undefined;

/** The route after the mapping, and the `ns` that was applied, which the answer repeats. */
export interface NamespacedRoute {
  readonly route: Route;
  readonly ns: string | undefined;
}

const maxLength = 255;

/** Without caches `ns` is ignored, as distribution does. */
export function applyNamespace(
  route: Route,
  query: URLSearchParams,
  find: FindNamespaced | undefined,
): NamespacedRoute {
  const ns = find === undefined || !("name" in route) ? undefined : singleValue(query, "ns");
  if (find === undefined || !("name" in route) || ns === undefined) return { route, ns: undefined };
  const name = find(ns, route.name);
  if (name === undefined) {
    throw new RegistryError("NAME_UNKNOWN", {
      message: "this registry does not cache the registry that ns names",
      detail: { ns: ns.slice(0, maxLength), name: route.name },
    });
  }
  return { route: { ...route, name }, ns };
}

/** The sentence may quote an upstream. */
const maxWarningLength = 500;

/** A Warning header (RFC 7234, section 5.5; distribution-spec, "Warnings") with this sentence. */
export function formatWarning(text: string): string {
  return `299 - "${text
    .slice(0, maxWarningLength)
    .replace(/[^\x20-\x7e]/g, "?")
    .replace(/["\\]/g, "\\$&")}"`;
}
