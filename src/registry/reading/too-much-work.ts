// The refusal of questions while too many are being answered.
import { TooMuchWorkError } from "../../lib/shared-work.ts";
import { RegistryError } from "../../oci/errors.ts";

/** Work that finds no place is refused for now. */
export async function refuseTooMuch<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof TooMuchWorkError)) throw error;
    throw new RegistryError("UNAVAILABLE", {
      message: "too many such questions are being answered; try again",
      retryAfterSeconds: 5,
    });
  }
}
