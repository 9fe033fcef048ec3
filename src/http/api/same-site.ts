// Refuses requests that another site has a browser make: one may send the credentials of whoever sits at it.
import { RegistryError } from "../../oci/errors.ts";

/**
 * Refuses what did not come from this site, or from no site at all. A form cannot send JSON, and a script of another
 * site may only after a preflight, to which we do not agree.
 */
export function refuseOtherSites({ headers }: Request): void {
  const type = (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") {
    throw new RegistryError("REQUEST_INVALID", { message: "the Content-Type must be application/json" });
  }
  const site = headers.get("sec-fetch-site") ?? "none";
  if (site === "same-origin" || site === "none") return;
  throw new RegistryError("DENIED", { message: "this may not be asked from another site" });
}
