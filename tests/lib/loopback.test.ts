import { expect, test } from "bun:test";
import { hostnameOf, isLoopbackHost } from "../../src/lib/loopback.ts";

test.each([
  ["localhost", true],
  ["localhost:5000", true],
  ["127.0.0.1:5000", true],
  ["127.1.2.3", true],
  ["[::1]:5000", true],
  ["[::1]", true],
  ["::1", true],
  ["app.localhost", true],
  ["128.0.0.1", false],
  ["127.example.com", false],
  ["localhost.example.com", false],
  ["[2001:db8::1]:5000", false],
  ["2001:db8::1", false],
  ["::", false],
  ["", false],
])("isLoopbackHost(%p)", (host, want) => {
  expect(isLoopbackHost(host)).toBe(want);
});

test("hostnameOf() leaves port and brackets out", () => {
  expect(["nas:5000", "[::1]:5000", "::1", "ghcr.io"].map(hostnameOf)).toEqual(["nas", "::1", "::1", "ghcr.io"]);
});
