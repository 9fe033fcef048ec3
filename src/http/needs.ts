// What each route needs before it is carried out. A new route without an answer here does not compile.
import type { Action } from "../auth/policy.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Route } from "./route.ts";

/** What a route needs: an action on its repository, or something else. */
export type Need =
  | { readonly kind: "nothing" }
  | { readonly kind: "login" }
  | { readonly kind: "catalog" }
  /** Credentials are checked, if there are any. */
  | { readonly kind: "anyone" }
  /** What concerns all repositories. */
  | { readonly kind: "everything" }
  | { readonly kind: "action"; readonly action: Action; readonly repository: RepositoryName };

const needs: Record<Route["kind"], Action | Exclude<Need["kind"], "action">> = {
  // Clients learn here how to log in.
  base: "login",
  root: "nothing",
  pageFile: "nothing",
  caCertificate: "nothing",
  live: "nothing",
  ready: "nothing",
  options: "nothing",
  redirect: "nothing",
  // They check credentials themselves.
  getToken: "nothing",
  postToken: "nothing",
  catalog: "catalog",
  listTags: "pull",
  getManifest: "pull",
  putManifest: "push",
  deleteManifest: "delete",
  getBlob: "pull",
  deleteBlob: "delete",
  startUpload: "push",
  postBlob: "push",
  mountBlob: "push",
  getUpload: "push",
  patchUpload: "push",
  putUpload: "push",
  deleteUpload: "push",
  listReferrers: "pull",
  apiSession: "anyone",
  apiState: "catalog",
  apiUsage: "everything",
  apiRepositories: "catalog",
  apiTree: "catalog",
  apiTags: "pull",
  apiDeletionPlan: "delete",
  apiDeletion: "delete",
};

/** What the route needs. */
export function needOf(route: Route): Need {
  const need = needs[route.kind];
  if (need !== "pull" && need !== "push" && need !== "delete") return { kind: need };
  if (!("name" in route)) throw new TypeError(`${route.kind} has no repository`);
  return { kind: "action", action: need, repository: route.name };
}
