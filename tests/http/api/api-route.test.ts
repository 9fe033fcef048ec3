import { describe, expect, test } from "bun:test";
import { isApiRoute } from "../../../src/http/api/api-route.ts";
import { parseRoute } from "../../../src/http/route.ts";
import { RegistryError } from "../../../src/oci/errors.ts";
import { digestOf } from "../memory-registry.ts";

function parse(method: string, target: string, prefix = "/"): unknown {
  const { pathname: path, searchParams: query } = new URL(`http://registry.test${target}`);
  try {
    return parseRoute({ method, path, query, prefix });
  } catch (error) {
    return error instanceof RegistryError ? [error.code, error.refusal.headers] : error;
  }
}

const page = { limit: 50, last: undefined, prefix: "" };
const tags = { limit: 50, after: undefined, order: "name", isDescending: false, filter: undefined, digest: undefined };

describe("parseRoute() below /-/api/v1/", () => {
  test.each([
    ["session", { kind: "apiSession", repository: undefined }],
    ["session?repository=team/app", { kind: "apiSession", repository: "team/app" }],
    ["state", { kind: "apiState" }],
    ["usage", { kind: "apiUsage" }],
    ["repositories", { kind: "apiRepositories", ...page, search: undefined }],
    [
      "repositories?n=3&last=a&prefix=team/&q=APP",
      { kind: "apiRepositories", limit: 3, last: "a", prefix: "team/", search: "app" },
    ],
    ["tree?prefix=team/", { kind: "apiTree", ...page, prefix: "team/" }],
    ["repositories/team/app/tags", { kind: "apiTags", name: "team/app", ...tags }],
    ["repositories/tags/tags/", { kind: "redirect", location: "/-/api/v1/repositories/tags/tags" }],
    ["repositories/team/tags/tags", { kind: "apiTags", name: "team/tags", ...tags }],
    [
      `repositories/a/tags?sort=size&order=desc&filter=v*&last=7.5/v1&n=1000&digest=${digestOf("x")}`,
      {
        ...{ kind: "apiTags", name: "a", limit: 1000, order: "size", isDescending: true, filter: "v*" },
        ...{ after: { tag: "v1", value: 7.5 }, digest: digestOf("x") },
      },
    ],
  ])("GET %s", (target, want) => {
    const route = parse("GET", `/-/api/v1/${target}`);
    expect(route).toEqual(want);
    expect(parse("HEAD", `/-/api/v1/${target}`)).toEqual(want);
    expect(isApiRoute(route as { kind: string })).toBe((want as { kind: string }).kind.startsWith("api"));
  });

  test.each([
    ["repositories/a/deletion-plan", { kind: "apiDeletionPlan", name: "a" }],
    ["repositories/a/deletions/deletions", { kind: "apiDeletion", name: "a/deletions" }],
  ])("POST %s", (target, want) => {
    expect(parse("POST", `/-/api/v1/${target}`)).toEqual(want);
    expect(parse("POST", `/some/where/-/api/v1/${target}`, "/some/where/")).toEqual(want);
  });

  test.each([
    ["GET", "repositories?n=1001", "PAGE_INVALID"],
    ["GET", "repositories?n=0", "PAGE_INVALID"],
    ["GET", "repositories?n=x", "PAGE_INVALID"],
    ["GET", `repositories?q=${"x".repeat(301)}`, "REQUEST_INVALID"],
    ["GET", "repositories?q=a&q=b", "REQUEST_INVALID"],
    ["GET", "tree?prefix=team", "REQUEST_INVALID"],
    ["GET", "session?repository=..", "NAME_INVALID"],
    ["GET", "session?repository=A", "NAME_INVALID"],
    ["GET", "repositories/%3Cscript%3E/tags", "NAME_INVALID"],
    ["GET", "repositories/a%2F..%2Fb/tags", "NAME_INVALID"],
    ["GET", "repositories/a/tags?sort=age", "REQUEST_INVALID"],
    ["GET", "repositories/a/tags?order=up", "REQUEST_INVALID"],
    ["GET", "repositories/a/tags?last=-1/v1", "REQUEST_INVALID"],
    ["GET", "repositories/a/tags?digest=x", "DIGEST_INVALID"],
    ["GET", "", "NOT_FOUND"],
    ["GET", "repositories/tags", "NOT_FOUND"],
    ["GET", "repositories/a", "NOT_FOUND"],
    ["GET", "state/x", "NOT_FOUND"],
    ["GET", "constructor", "NOT_FOUND"],
  ])("%s %p is refused with %s", (method, target, code) => {
    expect(parse(method, `/-/api/v1/${target}`)).toEqual([code, undefined]);
  });

  test.each([
    ["POST", "repositories", "GET, HEAD, OPTIONS"],
    ["DELETE", "repositories/a/tags", "GET, HEAD, OPTIONS"],
    ["GET", "repositories/a/deletion-plan", "POST, OPTIONS"],
    ["DELETE", "repositories/a/deletions", "POST, OPTIONS"],
  ])("%s %s is not allowed; %s are", (method, target, allow) => {
    expect(parse(method, `/-/api/v1/${target}`)).toEqual(["METHOD_NOT_ALLOWED", { Allow: allow }]);
    expect(parse("OPTIONS", `/-/api/v1/${target}`)).toEqual({ kind: "options", allow });
  });
});
