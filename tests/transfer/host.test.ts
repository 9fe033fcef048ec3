import { expect, test } from "bun:test";
import { apiHost, isHost, normalizeHost } from "../../src/transfer/host.ts";

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
