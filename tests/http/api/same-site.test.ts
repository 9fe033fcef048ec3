import { expect, test } from "bun:test";
import { refuseOtherSites } from "../../../src/http/api/same-site.ts";
import { RegistryError } from "../../../src/oci/errors.ts";

const json = "application/json";

test.each([
  [{ "Content-Type": json }, undefined],
  [{ "Content-Type": "Application/JSON; charset=utf-8", "Sec-Fetch-Site": "same-origin" }, undefined],
  [{ "Content-Type": json, "Sec-Fetch-Site": "none" }, undefined],
  [{ "Content-Type": json, "Sec-Fetch-Site": "cross-site" }, "DENIED"],
  [{ "Content-Type": json, "Sec-Fetch-Site": "same-site" }, "DENIED"],
  [{}, "REQUEST_INVALID"],
  [{ "Content-Type": "text/plain" }, "REQUEST_INVALID"],
  [{ "Content-Type": "text/plain; application/json" }, "REQUEST_INVALID"],
  [{ "Content-Type": "application/x-www-form-urlencoded" }, "REQUEST_INVALID"],
  [{ "Content-Type": "multipart/form-data; boundary=x" }, "REQUEST_INVALID"],
] as const)("refuseOtherSites() of %p", (headers, want) => {
  const refuse = () => {
    try {
      refuseOtherSites(new Request("http://registry.test/", { method: "POST", headers }));
      return undefined;
    } catch (error) {
      return error instanceof RegistryError ? error.code : error;
    }
  };
  expect(refuse()).toBe(want);
});
