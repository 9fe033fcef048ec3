import { expect, test } from "bun:test";
import { parseUploadRoute, parseUploadStart } from "../../src/http/upload-route.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { parseRepositoryName, type RepositoryName } from "../../src/oci/name.ts";

const name = parseRepositoryName("a") as RepositoryName;
const digest = `sha256:${"a".repeat(64)}`;
const id = "0123abcd-0123-4abc-8abc-0123456789ab";

test.each([
  ["", "startUpload"],
  [`digest=${digest}`, "postBlob"],
  [`mount=${digest}&from=b`, "mountBlob"],
  [`mount=${digest}&from=B`, "startUpload"],
] as const)("parseUploadStart() of %p is %s", (query, want) => {
  expect(parseUploadStart(name, new URLSearchParams(query)).kind).toEqual(want);
});

test.each([
  ["GET", "", { kind: "getUpload", name, id }],
  ["PATCH", "", { kind: "patchUpload", name, id }],
  ["DELETE", "", { kind: "deleteUpload", name, id }],
  ["PUT", `digest=${digest}`, { kind: "putUpload", name, id, digest }],
])("parseUploadRoute() of %s with %p", (method, query, want) => {
  const asked = { method, query: new URLSearchParams(query) };
  expect(parseUploadRoute({ name, text: id.toUpperCase() }, asked)).toEqual(want as never);
});

test("parseUploadRoute() finds no session where there is no identifier", () => {
  const asked = { method: "GET", query: new URLSearchParams() };
  expect(() => parseUploadRoute({ name, text: "1" }, asked)).toThrow(RegistryError);
});
