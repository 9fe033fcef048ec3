import { expect, test } from "bun:test";
import { needOf } from "../../src/http/needs.ts";
import { parseRoute } from "../../src/http/route.ts";

const digest = `sha256:${"a".repeat(64)}`;
const id = "00000000-0000-4000-8000-000000000001";

test.each([
  ["GET", "/v2/", "login"],
  ["GET", "/", "nothing"],
  ["GET", "/ca.crt", "nothing"],
  ["GET", "/auth/token", "nothing"],
  ["POST", "/auth/token", "nothing"],
  ["OPTIONS", "/v2/a/tags/list", "nothing"],
  ["GET", "/v2/_catalog", "catalog"],
  ["GET", "/v2/a/tags/list", "pull"],
  ["GET", "/v2/a/manifests/1", "pull"],
  ["PUT", "/v2/a/manifests/1", "push"],
  ["DELETE", "/v2/a/manifests/1", "delete"],
  ["GET", `/v2/a/blobs/${digest}`, "pull"],
  ["HEAD", `/v2/a/blobs/${digest}`, "pull"],
  ["DELETE", `/v2/a/blobs/${digest}`, "delete"],
  ["POST", "/v2/a/blobs/uploads/", "push"],
  ["POST", `/v2/a/blobs/uploads/?digest=${digest}`, "push"],
  ["POST", `/v2/a/blobs/uploads/?mount=${digest}&from=b`, "push"],
  ["GET", `/v2/a/blobs/uploads/${id}`, "push"],
  ["PATCH", `/v2/a/blobs/uploads/${id}`, "push"],
  ["PUT", `/v2/a/blobs/uploads/${id}?digest=${digest}`, "push"],
  ["DELETE", `/v2/a/blobs/uploads/${id}`, "push"],
  ["GET", `/v2/a/referrers/${digest}`, "pull"],
])("%s %s needs %s", (method, target, want) => {
  const { pathname: path, searchParams: query } = new URL(`http://r.test${target}`);
  const need = needOf(parseRoute({ method, path, query, prefix: "/" }));
  expect(need.kind === "action" ? [need.action, String(need.repository)] : [need.kind, "a"]).toEqual([want, "a"]);
});
