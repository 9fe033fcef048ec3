import { expect, test } from "bun:test";
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
