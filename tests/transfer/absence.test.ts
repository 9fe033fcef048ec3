import { expect, test } from "bun:test";
import { RegistryError } from "../../src/oci/errors.ts";
import { ifThere } from "../../src/transfer/absence.ts";
import { codeOf } from "../registry/refused.ts";

test("ifThere() takes only what is not there for absent", async () => {
  expect(await ifThere(Promise.resolve(1))).toBe(1);
  expect(await ifThere(Promise.reject(new RegistryError("BLOB_UNKNOWN")))).toBeUndefined();
  expect(await codeOf(ifThere(Promise.reject(new RegistryError("DENIED"))))).toBe("DENIED");
});
