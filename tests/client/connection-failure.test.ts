import { expect, test } from "bun:test";
import { explainFailure } from "../../src/client/connection-failure.ts";
import { RegistryError } from "../../src/oci/errors.ts";

const secure = new URL("https://up.test/v2/");
const withCode = (code: string) => Object.assign(new Error("wordy"), { code });

test.each([
  ["ENOTFOUND", "up.test cannot be reached: its name cannot be resolved"],
  ["ECONNREFUSED", "up.test cannot be reached: it refuses connections"],
  ["ODD", "up.test cannot be reached: ODD"],
  ["toString", "up.test cannot be reached: toString"],
  ["", "up.test cannot be reached: the connection failed"],
  ["EPROTO", "up.test does not speak TLS; if it serves plain HTTP, write http://up.test"],
])("explainFailure() of the code %p", (code, message) => {
  const refusal = explainFailure(withCode(code), secure);
  expect([refusal.code as string, refusal.message]).toEqual(["UPSTREAM_UNREACHABLE", message]);
});

test("explainFailure() knows what took too long, and leaves a refusal as it is", () => {
  const late = explainFailure(new DOMException("x", "TimeoutError"), secure);
  expect([late.code as string, late.message]).toEqual(["UPSTREAM_TIMEOUT", "up.test does not answer in time"]);
  const refusal = new RegistryError("UPSTREAM_INVALID", { message: "as it was" });
  expect(explainFailure(refusal, secure)).toBe(refusal);
});
