import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  isForeignLayer,
  isMediaType,
  isSchema1,
  manifestKind,
  manifestTypes,
  parseManifestType,
  servedType,
  stripParameters,
} from "../../src/oci/media-type.ts";

test("manifest types are images or indexes", () => {
  expect(manifestTypes.map((type) => [parseManifestType(type) === type, manifestKind(type)])).toEqual([
    [true, "image"],
    [true, "index"],
    [true, "image"],
    [true, "index"],
  ]);
  expect(parseManifestType("application/json")).toBeUndefined();
});

test("stripParameters() leaves the type alone", () => {
  expect(stripParameters(" Application/JSON ; charset=utf-8")).toEqual("application/json");
});

test("isSchema1() and isForeignLayer() know their types", () => {
  expect([
    isSchema1("application/vnd.docker.distribution.manifest.v1+prettyjws"),
    isSchema1("application/vnd.docker.distribution.manifest.v2+json"),
    isForeignLayer("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
    isForeignLayer("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
    isForeignLayer("application/vnd.oci.image.layer.v1.tar"),
  ]).toEqual([true, false, true, true, false]);
});

test("stripParameters() leaves the type, whatever its parameters and its case", () => {
  const token = fc.stringMatching(/^[a-z0-9.+-]{1,12}$/);
  const parameter = fc.tuple(token, fc.string({ maxLength: 8 })).map(([name, value]) => `${name}="${value}"`);
  fc.assert(
    fc.property(token, token, fc.array(parameter), fc.boolean(), (type, subtype, parameters, isUpper) => {
      const plain = `${type}/${subtype}`;
      const sent = [isUpper ? plain.toUpperCase() : plain, ...parameters].join(" ; ");
      expect(stripParameters(sent)).toBe(plain);
    }),
  );
});

const name127 = "a".repeat(127);

test.each([
  ["application/vnd.oci.image.manifest.v1+json", true],
  ["application/vnd.oci.image.layer.v1.tar+gzip", true],
  ["text/html", true],
  ["spdx+json", true],
  ["", true],
  ["application/x; charset=utf-8", true],
  [`${name127}/${name127}`, true],
  [`${name127}a/b`, false],
  [`a/${name127}a`, false],
  [`a/b;${"x".repeat(255)}`, false],
  ["a".repeat(1_000_000), false],
  ["application/", false],
  ["/json", false],
  ["a/b/c", false],
  [".a/b", false],
  ["a b/c", false],
  ["a/b\r\nX-Injected: yes", false],
  ["a/b;\nc", false],
  ["a/\u0000b", false],
  ["a/😀", false],
  ["ä/b", false],
  ["<script>/x", false],
])("isMediaType(%p) is %p", (text, want) => {
  expect(isMediaType(text)).toBe(want);
});

test.each([
  ["application/vnd.oci.image.manifest.v1+json", true],
  ["application/vnd.example.thing.v1+json", true],
  ["application/json", true],
  ["text/html", false],
  ["image/svg+xml", false],
  ["application/xhtml+xml", false],
  ["application/vnd.wap.xhtml+xml", false],
  ["application/javascript", false],
  ["text/javascript", false],
  ["text/json", false],
  ["application/pdf", false],
  ["application/json\r\nX-Injected: yes", false],
  ["application/\u0000json", false],
  ["application/😀+json", false],
  [`application/${"a".repeat(1_000_000)}+json`, false],
  ["application/json; x=y", false],
  ["", false],
])("servedType(%p) is what it says: %p", (text, isKept) => {
  expect(servedType(text)).toBe(isKept ? text : "application/octet-stream");
});
