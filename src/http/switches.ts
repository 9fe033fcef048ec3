// What an operator has switched off: deletion, or all writing.
import { RegistryError } from "../oci/errors.ts";
import type { Switches } from "./exchange.ts";
import type { Route } from "./route.ts";

/** Of uploads nothing is left on a registry that is read-only, not even their state. */
type Effect = "read" | "write" | "upload" | "delete";

const effects: Record<Route["kind"], Effect> = {
  base: "read",
  root: "read",
  pageFile: "read",
  caCertificate: "read",
  live: "read",
  ready: "read",
  getToken: "read",
  postToken: "read",
  options: "read",
  redirect: "read",
  catalog: "read",
  listTags: "read",
  getManifest: "read",
  putManifest: "write",
  deleteManifest: "delete",
  getBlob: "read",
  deleteBlob: "delete",
  startUpload: "upload",
  postBlob: "upload",
  mountBlob: "upload",
  getUpload: "upload",
  patchUpload: "upload",
  putUpload: "upload",
  deleteUpload: "upload",
  listReferrers: "read",
  apiSession: "read",
  apiState: "read",
  apiUsage: "read",
  apiRepositories: "read",
  apiTree: "read",
  apiTags: "read",
  apiDeletionPlan: "delete",
  apiDeletion: "delete",
};

/** Why nothing can be deleted by anybody; undefined if it can. */
export function whyNotDeletable({ isDeleteEnabled, isReadOnly }: Switches): string | undefined {
  if (isReadOnly) return "this registry is read-only (storage.maintenance.readonly)";
  return isDeleteEnabled ? undefined : "deletion is disabled (storage.delete.enabled)";
}

/** Refuses with UNSUPPORTED (405) what is switched off, and names the switch. */
export function refuseSwitchedOff(route: Route, switches: Switches): void {
  const effect = effects[route.kind];
  const message = whyNotDeletable(switches);
  const isOff = effect === "delete" || (effect !== "read" && switches.isReadOnly);
  if (!isOff || message === undefined) return;
  throw new RegistryError("UNSUPPORTED", { message, headers: { Allow: allowed(route, effect, switches) } });
}

/** The methods that are left. */
function allowed({ kind }: Route, effect: Effect, { isReadOnly }: Switches): string {
  if (effect === "upload" || kind === "apiDeletionPlan" || kind === "apiDeletion") return "OPTIONS";
  return kind === "deleteManifest" && !isReadOnly ? "GET, HEAD, PUT, OPTIONS" : "GET, HEAD, OPTIONS";
}
