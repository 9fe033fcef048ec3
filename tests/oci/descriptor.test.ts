import { expect, test } from "bun:test";
import {
  formatPlatform,
  isRecord,
  isStoredElsewhere,
  parseDescriptor,
  showPlatform,
} from "../../src/oci/descriptor.ts";

const digest = `sha256:${"a".repeat(64)}`;
const valid = { mediaType: "text/plain", size: 3, digest };

test("parseDescriptor() keeps the fields that a registry acts on", () => {
  const platform = { architecture: "amd64", os: "linux", variant: "v3" };
  expect(parseDescriptor({ ...valid, urls: ["https://a.example/b"], platform, data: "e30=" })).toEqual({
    descriptor: {
      mediaType: "text/plain",
      sizeBytes: 3,
      digest,
      urls: ["https://a.example/b"],
      platform: { architecture: "amd64", os: "linux", variant: "v3" },
    },
  } as never);
});

test.each([
  ["an array", []],
  ["null", null],
  ["no mediaType", { ...valid, mediaType: undefined }],
  ["a mediaType that is none", { ...valid, mediaType: "text/a\r\nX: y" }],
  ["no size", { ...valid, size: undefined }],
  ["a negative size", { ...valid, size: -1 }],
  ["a fraction", { ...valid, size: 1.5 }],
  ["a size beyond 2^53", { ...valid, size: 2 ** 53 }],
  ["an infinite size", { ...valid, size: JSON.parse("1e400") }],
  ["a size in words", { ...valid, size: "3" }],
  ["no digest", { ...valid, digest: undefined }],
  ["an unknown algorithm", { ...valid, digest: "md5:abc" }],
  ["a path for a digest", { ...valid, digest: "../../etc/passwd" }],
  ["a digest in another case beside it", { ...valid, Digest: digest }],
  ["a size in another case", { ...valid, \u017fize: 3 }],
  ["urls that are no strings", { ...valid, urls: [1] }],
  ["urls that are no array", { ...valid, urls: "x" }],
])("parseDescriptor() refuses %s", (_name, value) => {
  expect(parseDescriptor(value)).toEqual({ problem: expect.any(String) });
});

test("isRecord() takes objects alone", () => {
  expect([{}, [], null, "x", undefined].map(isRecord)).toEqual([true, false, false, false, false]);
});

test.each([
  ["application/vnd.oci.image.layer.nondistributable.v1.tar", ["https://a.example/b"], true],
  ["application/vnd.oci.image.layer.nondistributable.v1.tar", [], false],
  ["application/vnd.oci.image.layer.v1.tar", ["https://a.example/b"], false],
])("isStoredElsewhere(%p, %j): %p", (mediaType, urls, want) => {
  const parsed = parseDescriptor({ ...valid, mediaType, urls });
  expect("descriptor" in parsed && isStoredElsewhere(parsed.descriptor)).toBe(want);
});

test.each([
  [{ os: "linux", architecture: "arm", variant: "v7" }, "linux/arm/v7"],
  [{ os: "linux", architecture: "amd64" }, "linux/amd64"],
  [{ os: "unknown", architecture: "unknown" }, undefined],
  [{ os: "", architecture: "amd64" }, undefined],
])("formatPlatform(%p) is %p", (platform, want) => {
  expect(formatPlatform(platform)).toBe(want);
});

test.each([
  [{ os: "linux", architecture: "arm", variant: "v7" }, "linux/arm/v7"],
  [{ os: "linux", architecture: "amd64", variant: "" }, "linux/amd64"],
  [{ os: "unknown", architecture: "unknown" }, undefined],
  [{ os: "linux" }, undefined],
  [{ os: "", architecture: "amd64" }, undefined],
])("showPlatform(%j)", (platform, want) => {
  expect(showPlatform(platform)).toBe(want as string);
});
