import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  isForeignLayer,
  isSchema1,
  manifestKind,
  manifestTypes,
  parseManifestType,
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
