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
};

/** Refuses with UNSUPPORTED (405) what is switched off, and names the switch. */
export function refuseSwitchedOff(route: Route, { isDeleteEnabled, isReadOnly }: Switches): void {
  const effect = effects[route.kind];
  if (effect !== "read" && isReadOnly) {
    throw new RegistryError("UNSUPPORTED", {
      message: "this registry is read-only (storage.maintenance.readonly)",
      headers: { Allow: effect === "upload" ? "OPTIONS" : "GET, HEAD, OPTIONS" },
    });
  }
  if (effect === "delete" && !isDeleteEnabled) {
    throw new RegistryError("UNSUPPORTED", {
      message: "deletion is disabled (storage.delete.enabled)",
      headers: { Allow: route.kind === "deleteManifest" ? "GET, HEAD, PUT, OPTIONS" : "GET, HEAD, OPTIONS" },
    });
  }
}
