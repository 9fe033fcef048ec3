import { expect, test } from "bun:test";
import { RegistryError } from "../../src/oci/errors.ts";

test("a refusal carries its code, its sentence and its cause", () => {
  const cause = new Error("why");
  const error = new RegistryError("BLOB_UNKNOWN", { message: "not here", cause });
  expect([error.code, error.message, error.cause, new RegistryError("UNSUPPORTED").message]).toEqual([
    "BLOB_UNKNOWN",
    "not here",
    cause,
    "UNSUPPORTED",
  ]);
});
