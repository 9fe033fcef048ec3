import { expect, test } from "bun:test";
import { endingOf } from "../../src/http/request-span.ts";
import { parseRoute, type Route } from "../../src/http/route.ts";

const routeOf = (method: string, path: string): Route =>
  parseRoute({ method, path, query: new URLSearchParams(), prefix: "/" });

const asked = { requestId: "id", remote: "192.0.2.1" };

test("endingOf() names route, status and repository", () => {
  const path = "/v2/team/app/manifests/v1";
  const request = new Request(`http://user:secret@r.test${path}?token=secret`, { method: "HEAD" });
  expect(endingOf({ ...asked, request, route: routeOf("HEAD", path), status: 404 })).toEqual({
    name: "HEAD /v2/{name}/manifests/{reference}",
    attributes: {
      "http.request.method": "HEAD",
      "http.route": "/v2/{name}/manifests/{reference}",
      "http.response.status_code": 404,
      "url.path": path,
      "client.address": "192.0.2.1",
      "registry.repository": "team/app",
      "registry.request.id": "id",
    },
    failure: undefined,
  });
});

test.each<[string, string, Route | undefined, number, string, string | undefined]>([
  ["GET", "/v2/", routeOf("GET", "/v2/"), 200, "GET /v2/", undefined],
  ["GET", "/nowhere", undefined, 404, "GET", undefined],
  ["PROPFIND", "/v2/", undefined, 405, "_OTHER", undefined],
  ["GET", "/v2/_catalog", routeOf("GET", "/v2/_catalog"), 500, "GET /v2/_catalog", "answered 500"],
])("%s %s", (method, path, route, status, name, failure) => {
  const request = new Request(`http://r.test${path}`, { method });
  const ending = endingOf({ ...asked, request, route, status });
  expect([ending.name, ending.failure, ending.attributes["registry.repository"]]).toEqual([name, failure, undefined]);
});
