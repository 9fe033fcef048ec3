import { expect, test } from "bun:test";
import { describeEnd } from "../../src/http/request-watch.ts";
import { RegistryError } from "../../src/oci/errors.ts";
import { memoryRegistry } from "./memory-registry.ts";

const url = "http://r/v2/";

test.each<[string, Request, Response, unknown, object]>([
  [
    "an answer",
    new Request(url),
    new Response("{}", { headers: { "Content-Length": "2" } }),
    undefined,
    { responseBytes: 2 },
  ],
  ["one of unknown size", new Request(url), new Response("{}"), undefined, { responseBytes: undefined }],
  [
    "none to HEAD",
    new Request(url, { method: "HEAD" }),
    new Response(null, { headers: { "Content-Length": "9" } }),
    undefined,
    { responseBytes: 0 },
  ],
  [
    "a refusal",
    new Request(url),
    new Response(null, { status: 404 }),
    new RegistryError("NAME_UNKNOWN"),
    { status: 404, refusal: "NAME_UNKNOWN" },
  ],
  [
    "a failure",
    new Request(url),
    new Response(null, { status: 500 }),
    new Error("disk"),
    { status: 500, refusal: undefined },
  ],
  [
    "a client that went away",
    new Request(url),
    new Response(null, { status: 500 }),
    new DOMException("gone", "AbortError"),
    { status: 499 },
  ],
])("describeEnd() tells of %s", (_, request, response, failure, want) => {
  expect(describeEnd(request, { response, failure, durationMs: 3 })).toMatchObject({ durationMs: 3, ...want });
});

test("the size of a request counts its line, its headers and its announced body", () => {
  const request = new Request(url, { method: "PUT", headers: { "X-A": "bc", "Content-Length": "100" } });
  const { requestBytes } = describeEnd(request, { response: new Response(null), failure: undefined, durationMs: 0 });
  expect(requestBytes).toBe("PUT".length + url.length + "x-abc".length + "content-length100".length + 100);
});

test("dispatch() tells of the route at the beginning, and of each request once at the end", async () => {
  const seen: unknown[] = [];
  const memory = memoryRegistry({
    watch: (route) => {
      seen.push(route);
      return ({ method, status }) => seen.push([method, status]);
    },
  });
  for (const path of ["/v2/", "/v2/a/tags/list", "/nowhere"]) await memory.ask("GET", path);
  expect(seen).toEqual(["base", ["GET", 200], "listTags", ["GET", 404], undefined, ["GET", 404]]);
});
