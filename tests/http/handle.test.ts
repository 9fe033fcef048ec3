import { expect, test } from "bun:test";
import { hashBytes } from "../../src/oci/hash.ts";
import { memoryRegistry } from "./memory-registry.ts";

const absent = hashBytes(new TextEncoder().encode("absent"), "sha256");

// What every handler says in an empty registry, so that no route can get the handler of another.
test.each([
  ["GET", "/v2/", 200, "{}"],
  ["GET", "/livez", 200, ""],
  ["GET", "/ca.crt", 404, "UNSUPPORTED"],
  ["OPTIONS", "/v2/", 204, ""],
  ["GET", "/v2/_catalog", 200, '{"repositories":[]}'],
  ["GET", "/v2/a/tags/list", 404, "NAME_UNKNOWN"],
  ["GET", "/v2/a/manifests/v1", 404, "MANIFEST_UNKNOWN"],
  ["PUT", "/v2/a/manifests/v1", 400, "MANIFEST_INVALID"],
  ["DELETE", `/v2/a/manifests/${absent}`, 404, "MANIFEST_UNKNOWN"],
  ["GET", `/v2/a/blobs/${absent}`, 404, "BLOB_UNKNOWN"],
  ["DELETE", `/v2/a/blobs/${absent}`, 404, "BLOB_UNKNOWN"],
  ["POST", "/v2/a/blobs/uploads/", 202, ""],
  ["POST", `/v2/a/blobs/uploads/?digest=${absent}`, 400, "DIGEST_INVALID"],
  ["POST", `/v2/a/blobs/uploads/?mount=${absent}&from=b`, 202, ""],
  ["GET", "/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000", 404, "BLOB_UPLOAD_UNKNOWN"],
  ["PATCH", "/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000", 404, "BLOB_UPLOAD_UNKNOWN"],
  ["PUT", `/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000?digest=${absent}`, 404, "BLOB_UPLOAD_UNKNOWN"],
  ["DELETE", "/v2/a/blobs/uploads/00000000-0000-4000-8000-000000000000", 404, "BLOB_UPLOAD_UNKNOWN"],
  ["GET", `/v2/a/referrers/${absent}`, 200, '"manifests":[]'],
])("handle() answers %s %s with %i", async (method, path, status, says) => {
  const answer = await memoryRegistry().ask(method, path, method === "PUT" ? { body: "[" } : {});
  expect([answer.status, await answer.text()]).toEqual([status, expect.stringContaining(says)]);
});
