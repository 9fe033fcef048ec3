import { expect, test } from "bun:test";
import { parseRoute } from "../../src/http/route.ts";
import { refuseSwitchedOff } from "../../src/http/switches.ts";
import { RegistryError } from "../../src/oci/errors.ts";

const digest = `sha256:${"a".repeat(64)}`;
const uuid = "0123abcd-0123-4abc-8abc-0123456789ab";
const pass = undefined;
const deleteOff = (allow: string) => ["UNSUPPORTED", "deletion is disabled (storage.delete.enabled)", allow];
const readOnly = (allow: string) => ["UNSUPPORTED", "this registry is read-only (storage.maintenance.readonly)", allow];
const reading = "GET, HEAD, OPTIONS";

test.each([
  // method, target, with deletion switched off, read-only
  ["GET", "/", pass, pass],
  ["GET", "/ca.crt", pass, pass],
  ["GET", "/v2/", pass, pass],
  ["GET", "/v2/_catalog", pass, pass],
  ["OPTIONS", "/v2/a/manifests/v1", pass, pass],
  ["GET", "/v2/a/tags/list", pass, pass],
  ["GET", `/v2/a/referrers/${digest}`, pass, pass],
  ["HEAD", "/v2/a/manifests/v1", pass, pass],
  ["PUT", "/v2/a/manifests/v1", pass, readOnly(reading)],
  ["DELETE", "/v2/a/manifests/v1", deleteOff("GET, HEAD, PUT, OPTIONS"), readOnly(reading)],
  ["DELETE", `/v2/a/manifests/${digest}`, deleteOff("GET, HEAD, PUT, OPTIONS"), readOnly(reading)],
  ["GET", `/v2/a/blobs/${digest}`, pass, pass],
  ["DELETE", `/v2/a/blobs/${digest}`, deleteOff(reading), readOnly(reading)],
  ["POST", "/v2/a/blobs/uploads/", pass, readOnly("OPTIONS")],
  ["POST", `/v2/a/blobs/uploads/?digest=${digest}`, pass, readOnly("OPTIONS")],
  ["POST", `/v2/a/blobs/uploads/?mount=${digest}`, pass, readOnly("OPTIONS")],
  ["GET", `/v2/a/blobs/uploads/${uuid}`, pass, readOnly("OPTIONS")],
  ["PATCH", `/v2/a/blobs/uploads/${uuid}`, pass, readOnly("OPTIONS")],
  ["PUT", `/v2/a/blobs/uploads/${uuid}?digest=${digest}`, pass, readOnly("OPTIONS")],
  // Giving an upload up is not deleting content.
  ["DELETE", `/v2/a/blobs/uploads/${uuid}`, pass, readOnly("OPTIONS")],
])("%s %s with deletion off, and read-only", (method, target, whenDeleteOff, whenReadOnly) => {
  const { pathname: path, searchParams: query } = new URL(target, "http://registry.test");
  const route = parseRoute({ method, path, query, prefix: "/" });
  const refusal = (isDeleteEnabled: boolean, isReadOnly: boolean) => {
    try {
      return refuseSwitchedOff(route, { isDeleteEnabled, isReadOnly });
    } catch (error) {
      return error instanceof RegistryError ? [error.code, error.message, error.refusal.headers?.Allow] : error;
    }
  };
  expect([refusal(true, false), refusal(false, false), refusal(true, true), refusal(false, true)]).toEqual([
    pass,
    whenDeleteOff,
    whenReadOnly,
    whenReadOnly,
  ]);
});
