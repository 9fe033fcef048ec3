import { expect, test } from "bun:test";
import { apiHost, hostnameOf, isHost, isLoopbackHost, normalizeHost } from "../../src/transfer/host.ts";

test.each([
  ["ghcr.io", true],
  ["nas:5000", true],
  ["[::1]:5000", true],
  ["nas:99999", false],
  ["a b", false],
  ["", false],
  ["user@nas", false],
  ["nas?x", false],
])("isHost(%p)", (text, want) => {
  expect(isHost(text)).toBe(want);
});

test("Docker Hub has one name and an API elsewhere", () => {
  expect(["Docker.io", "index.docker.io", "registry-1.docker.io"].map(normalizeHost)).toEqual(
    Array(3).fill("docker.io"),
  );
  expect([apiHost("docker.io"), apiHost("ghcr.io")]).toEqual(["registry-1.docker.io", "ghcr.io"]);
});

test.each([
  ["localhost", true],
  ["localhost:5000", true],
  ["127.0.0.1:5000", true],
  ["127.1.2.3", true],
  ["[::1]:5000", true],
  ["app.localhost", true],
  ["128.0.0.1", false],
  ["127.example.com", false],
  ["localhost.example.com", false],
  ["[2001:db8::1]:5000", false],
])("isLoopbackHost(%p)", (host, want) => {
  expect(isLoopbackHost(host)).toBe(want);
});

test("hostnameOf() leaves port and brackets out", () => {
  expect(["nas:5000", "[::1]:5000", "ghcr.io"].map(hostnameOf)).toEqual(["nas", "::1", "ghcr.io"]);
});
