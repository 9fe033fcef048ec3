// What the bytes of a manifest on its way say.
import { RegistryError } from "../oci/errors.ts";
import { type Manifest, parseManifestInTurns } from "../oci/manifest.ts";
import type { WholeManifest } from "./place.ts";

/** Parses it; throws MANIFEST_INVALID for what no registry may store. */
export async function readManifest({ bytes, mediaType, digest }: WholeManifest): Promise<Manifest> {
  const parsed = await parseManifestInTurns(bytes, mediaType);
  if ("manifest" in parsed) return parsed.manifest;
  throw new RegistryError("MANIFEST_INVALID", { message: `the manifest ${digest}: ${parsed.problem}` });
}
