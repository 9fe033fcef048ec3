// What a call was refused with, as a plain value.
import { RegistryError } from "../../src/oci/errors.ts";

/** The code of the refusal; "done" where there was none; what else was thrown passes. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    if (error instanceof RegistryError) return error.code;
    throw error;
  }
}
