import { expect, test } from "bun:test";
import { parseManifest } from "../../src/oci/manifest.ts";
import { findForeignUrlProblem, isChildRequired, type ManifestRules } from "../../src/registry/manifest-rules.ts";
import { digestOf, utf8 } from "./stocked.ts";

const foreign = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
const plain = "application/vnd.oci.image.layer.v1.tar";
const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("c"), size: 1 };

function problemOf(layer: object, urls: ManifestRules["urls"]): string | undefined {
  const layers = [{ mediaType: foreign, digest: digestOf("l"), size: 1, ...layer }];
  const parsed = parseManifest(utf8(JSON.stringify({ schemaVersion: 2, config, layers })), undefined);
  if ("problem" in parsed) throw new Error(parsed.problem);
  return findForeignUrlProblem(parsed.manifest, { urls, children: "all" });
}

const mirrors = { allow: [/^https:\/\/mirror\.example\//u], deny: [/\/secret\//u] };

test.each([
  [{ urls: ["https://a.example/x"] }, "any", undefined],
  [{ urls: ["http://a.example/x", "https://b.example/?y"] }, "any", undefined],
  [{}, "any", undefined],
  [{ urls: [] }, { allow: [], deny: [] }, undefined],
  [{ urls: ["https://a.example/x", "file:///etc/passwd"] }, "any", "file:///etc/passwd"],
  [{ urls: ["ftp://a.example/x"] }, "any", "ftp://a.example/x"],
  [{ urls: ["/relative"] }, "any", "/relative"],
  [{ urls: ["https://a.example/x#part"] }, "any", "#part"],
  [{ urls: [`https:// ${"a".repeat(300)}`] }, "any", "not allowed here: https:// aaa"],
  [{ urls: ["https://mirror.example/x"] }, mirrors, undefined],
  [{ urls: ["https://mirror.example/secret/x"] }, mirrors, "/secret/x"],
  [{ urls: ["https://other.example/x"] }, mirrors, "other.example"],
  [{ urls: ["https://mirror.example/x"] }, { allow: [], deny: [] }, "mirror.example"],
  [{ mediaType: plain, urls: ["file:///x"] }, "any", "file:///x"],
  [{ mediaType: `${plain}+zstd`, urls: ["https://other.example/x"] }, mirrors, "other.example"],
  [{ mediaType: "application/octet-stream", urls: ["https://other.example/x"] }, mirrors, undefined],
  [{ mediaType: plain }, "any", undefined],
] as const)("findForeignUrlProblem() of %j with %j", (layer, urls, want) => {
  const problem = problemOf(layer, urls);
  if (want === undefined) expect(problem).toBeUndefined();
  else expect(problem).toContain(want);
});

const amd64 = { architecture: "amd64", os: "linux" };
const arm64 = { architecture: "arm64", os: "linux" };

test.each([
  ["all", amd64, true],
  ["all", undefined, true],
  ["none", amd64, false],
  [[amd64], amd64, true],
  [[amd64], arm64, false],
  [[amd64], { architecture: "amd64", os: "windows" }, false],
  [[amd64, arm64], arm64, true],
  [[amd64], undefined, false],
  [[], amd64, false],
] as const)("isChildRequired() with %j, for %j: %p", (children, platform, want) => {
  const child = { mediaType: "x", sizeBytes: 1, digest: digestOf("x"), urls: [], platform };
  expect(isChildRequired(child, { urls: "any", children })).toBe(want);
});
