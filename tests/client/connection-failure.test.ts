import { expect, test } from "bun:test";
import { explainFailure } from "../../src/client/connection-failure.ts";
import { RegistryError } from "../../src/oci/errors.ts";

const secure = new URL("https://up.test/v2/");
const withCode = (code: string) => Object.assign(new Error("wordy"), { code });

test.each([
  [withCode("ENOTFOUND"), "UPSTREAM_UNREACHABLE", "up.test cannot be reached: its name cannot be resolved"],
  [withCode("ECONNREFUSED"), "UPSTREAM_UNREACHABLE", "up.test cannot be reached: it refuses connections"],
  [withCode("ODD"), "UPSTREAM_UNREACHABLE", "up.test cannot be reached: ODD"],
  [withCode("toString"), "UPSTREAM_UNREACHABLE", "up.test cannot be reached: toString"],
  [new Error("x"), "UPSTREAM_UNREACHABLE", "up.test cannot be reached: the connection failed"],
  [
    withCode("EPROTO"),
    "UPSTREAM_UNREACHABLE",
    "up.test does not speak TLS; if it serves plain HTTP, write http://up.test",
  ],
  [new DOMException("x", "TimeoutError"), "UPSTREAM_TIMEOUT", "up.test does not answer in time"],
  [new RegistryError("UPSTREAM_INVALID", { message: "as it was" }), "UPSTREAM_INVALID", "as it was"],
])("explainFailure(%p)", (error, code, message) => {
  const refusal = explainFailure(error, secure);
  expect([refusal.code as string, refusal.message]).toEqual([code, message]);
});
