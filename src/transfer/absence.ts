// Refusals that say that something is not there.
import { RegistryError } from "../oci/errors.ts";

const unknownCodes: readonly string[] = ["BLOB_UNKNOWN", "MANIFEST_UNKNOWN", "NAME_UNKNOWN"];

/** The outcome; undefined where there is no such thing. */
export async function ifThere<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (error instanceof RegistryError && unknownCodes.includes(error.code)) return undefined;
    throw error;
  }
}
