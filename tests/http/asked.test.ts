import { expect, test } from "bun:test";
import { describeRequest } from "../../src/http/asked.ts";

const base = "https://registry.example.com/";

test.each([
  ["192.0.2.1", "192.0.2.1", 4711, "192.0.2.1:4711"],
  ["2001:db8::1", "2001:db8::1", 4711, "[2001:db8::1]:4711"],
  // Behind a trusted proxy.
  ["192.0.2.1", "10.0.0.1", 4711, "192.0.2.1"],
  [undefined, undefined, undefined, ""],
])("describeRequest() of %p through %p port %p comes from %p", (remote, peer, port, want) => {
  const headers = { Host: "registry.example.com", "User-Agent": "docker/27" };
  const request = new Request("https://registry.example.com/v2/", { method: "PUT", headers });
  expect(describeRequest(request, { remote, peer, port, base })).toEqual({
    peer: want,
    host: "registry.example.com",
    method: "PUT",
    userAgent: "docker/27",
    base,
  });
});
