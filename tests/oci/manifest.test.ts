import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseManifest, parseManifestInTurns, storedMediaType } from "../../src/oci/manifest.ts";
import { manifestTypes, octetStream } from "../../src/oci/media-type.ts";

const image = "application/vnd.oci.image.manifest.v1+json";
const index = "application/vnd.oci.image.index.v1+json";
const dockerImage = "application/vnd.docker.distribution.manifest.v2+json";
const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
const schema1 = "application/vnd.docker.distribution.manifest.v1+prettyjws";

const blob = (letter: string) => ({ mediaType: `text/${letter}`, size: 3, digest: `sha256:${letter.repeat(64)}` });
const imageFields = { schemaVersion: 2, config: blob("a"), layers: [blob("b")] };
const indexFields = { schemaVersion: 2, manifests: [blob("c")] };

function parse(value: unknown, contentType?: string) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return parseManifest(new TextEncoder().encode(text), contentType);
}

test.each([
  ["an image by its body", { ...imageFields, mediaType: image }, undefined, image],
  ["an image by its Content-Type", imageFields, image, image],
  ["an image by its fields", imageFields, undefined, image],
  ["an index by its fields", indexFields, undefined, index],
  ["a docker image", { ...imageFields, mediaType: dockerImage }, dockerImage, dockerImage],
  ["a docker list", { ...indexFields, mediaType: dockerList }, dockerList, dockerList],
  ["parameters of the Content-Type", { ...imageFields, mediaType: image }, `${image}; charset=utf-8`, image],
  ["an image without layers", { ...imageFields, layers: [] }, image, image],
  ["layers that are null", { ...imageFields, layers: null }, image, image],
  ["an index of nothing", { ...indexFields, manifests: [] }, index, index],
  ["fields of one's own", { ...imageFields, "x-mine": { a: [1] } }, image, image],
])("parseManifest() understands %s", (_name, value, contentType, mediaType) => {
  expect(parse(value, contentType)).toEqual({ manifest: expect.objectContaining({ mediaType }) });
});

test.each([
  ["mediaType is null", { mediaType: null }, imageFields, image],
  ["mediaType is empty", { mediaType: "" }, imageFields, image],
  ["artifactType is null", { artifactType: null }, imageFields, image],
  ["artifactType is empty", { artifactType: "" }, imageFields, image],
  ["annotations are null", { annotations: null }, imageFields, image],
  ["subject is null", { subject: null }, imageFields, image],
  ["subject is empty", { subject: {} }, imageFields, image],
  ["manifests are null", { manifests: null }, imageFields, image],
  ["the fields of an image are null", { config: null, layers: null }, indexFields, index],
  ["the mediaType of an index is empty", { mediaType: "" }, indexFields, index],
])("parseManifest() takes it for nothing that %s", (_name, nothing, fields, mediaType) => {
  const bytes = new TextEncoder().encode(JSON.stringify({ ...fields, ...nothing }));
  expect(parseManifest(bytes, mediaType)).toEqual(parse(fields));
  expect(storedMediaType(bytes)).toBe(mediaType);
});

test("parseManifest() takes null for an empty list, where an index says that it is one", () => {
  const nothing = { schemaVersion: 2, mediaType: index, manifests: null };
  expect(parse(nothing, index)).toEqual(parse({ ...nothing, manifests: [] }, index));
});

test("parseManifest() leaves annotations out that are null", () => {
  const parsed = parse({ ...imageFields, annotations: { a: null, b: "" } });
  expect(parsed).toEqual({ manifest: expect.objectContaining({ annotations: { b: "" } }) });
});

test("parseManifest() takes optional fields of a descriptor that are null for absent", () => {
  const optional = { urls: null, annotations: null, data: null, artifactType: null, platform: null };
  expect(parse({ ...imageFields, layers: [{ ...blob("b"), ...optional }] })).toEqual(parse(imageFields));
});

const many = <T>(length: number, make: (index: number) => T) => Array.from({ length }, (_, index) => make(index));
const keys = (length: number) => Object.fromEntries(many(length, (index) => [`key-${index}`, 1]));

test.each([
  ["as many layers as there may be", { ...imageFields, layers: many(10_000, () => blob("b")) }, undefined],
  ["a layer too many", { ...imageFields, layers: many(10_001, () => blob("b")) }, "layers has more than 10000 entries"],
  ["a child too many", { ...indexFields, manifests: many(10_001, () => blob("b")) }, "manifests has more than 10000"],
  ["a thousand annotations", { ...imageFields, annotations: { ...keys(1000), a: "" } }, "annotations"],
  ["too many keys", { ...imageFields, x: keys(5000) }, "more than 5000 different keys"],
  ["too many values", { ...imageFields, x: many(250_000, () => 1) }, "more than 250000 keys and values"],
  ["too many escapes", { ...imageFields, x: "\n".repeat(250_001) }, "more than 250000 escapes"],
])("parseManifest() and parseManifestInTurns() of %s", async (_name, value, part) => {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const result = parseManifest(bytes, undefined);
  const want = part === undefined ? { manifest: expect.anything() } : { problem: expect.stringContaining(part) };
  expect([result, await parseManifestInTurns(bytes, undefined)]).toEqual([want, result]);
});

test.each([
  ["schema 1 by its type", imageFields, schema1, "schema 1"],
  ["schema 1 by its body", { schemaVersion: 1, name: "x" }, undefined, "schema 1"],
  ["an unknown type", imageFields, "application/json", "not supported"],
  ["a type that is not the body's", { ...imageFields, mediaType: image }, dockerImage, "Content-Type"],
  ["both image and index", { ...imageFields, ...indexFields }, image, "both"],
  ["an index with a config", { ...indexFields, config: blob("a") }, index, "both"],
  ["an index with an empty list of layers", { ...indexFields, layers: [] }, index, "both"],
  ["an index with an empty config", { ...indexFields, config: {} }, index, "both"],
  ["an image with an empty list of manifests", { ...imageFields, manifests: [] }, image, "both"],
  ["neither image nor index", { schemaVersion: 2 }, image, "neither"],
  ["an image whose config is null", { ...imageFields, config: null }, image, "config"],
  ["an index of null that does not say it", { schemaVersion: 2, manifests: null }, index, "neither"],
  ["an image that calls itself an index", { ...imageFields, mediaType: index }, index, "do not fit"],
  ["an index sent as an image", indexFields, image, "must say so"],
  ["a docker type that the body does not tell", imageFields, dockerImage, "must say so"],
  ["a key in another case", { ...imageFields, Layers: [] }, image, "case"],
  ["a key that Go folds to a known one", { ...imageFields, \u017fchemaVersion: 1 }, image, "case"],
  ["a layer with a key in another case", { ...imageFields, layers: [{ ...blob("b"), Size: 1 }] }, image, "case"],
  ["a mediaType that is no string", { ...imageFields, mediaType: 1 }, image, "mediaType"],
  ["no schemaVersion", { config: blob("a"), layers: [] }, image, "schemaVersion"],
  [
    "a huge size",
    JSON.stringify({ ...imageFields, config: { ...blob("a"), size: 1 } }).replace('"size":1', '"size":1e99'),
    image,
    "size",
  ],
  ...["5.0", "5e0", "5E0", "50e-1"].map(
    (written) =>
      [
        `a size written as ${written}`,
        JSON.stringify({ ...imageFields, config: { ...blob("a"), size: 5 } }).replace('"size":5', `"size":${written}`),
        image,
        "size is not written as a whole number",
      ] as const,
  ),
  [
    "a schemaVersion with a fraction",
    JSON.stringify(imageFields).replace('"schemaVersion":2', '"schemaVersion":2.0'),
    image,
    "schemaVersion is not written as a whole number",
  ],
  ["layers that are no array", { ...imageFields, layers: {} }, image, "layers"],
  ["a layer that is no descriptor", { ...imageFields, layers: [null] }, image, "layers[0]"],
  ["a subject that is no descriptor", { ...imageFields, subject: "x" }, image, "subject"],
  ["annotations that are no strings", { ...imageFields, annotations: { a: 1 } }, image, "annotations"],
  ["an artifactType that is no string", { ...imageFields, artifactType: 1 }, image, "artifactType"],
  ["an artifactType that is no media type", { ...imageFields, artifactType: "a\u0000/b" }, image, "artifactType"],
  ["a config of no media type", { ...imageFields, config: { ...blob("a"), mediaType: "a b" } }, image, "config"],
  ["a list", [], image, "not a JSON object"],
  ["a key twice", '{"schemaVersion":2,"schemaVersion":2}', image, "is repeated"],
  ["half a document", '{"schemaVersion":2', image, "JSON"],
])("parseManifest() refuses %s", (_name, value, contentType, part) => {
  expect(parse(value, contentType)).toEqual({ problem: expect.stringContaining(part) });
});

test("the artifactType of an image is its config's type where it has none of its own", () => {
  const types = [
    imageFields,
    { ...imageFields, artifactType: "x/y" },
    { ...imageFields, artifactType: "" },
    indexFields,
  ];
  const results = types.map((fields) => parse(fields));
  expect(results.map((result) => "manifest" in result && result.manifest.artifactType)).toEqual([
    "text/a",
    "x/y",
    "text/a",
    undefined,
  ] as never);
});

test.each([
  ["its mediaType", { ...imageFields, mediaType: "application/x+json" }, "application/x+json"],
  ["nothing that a browser would show", { ...imageFields, mediaType: "text/html" }, octetStream],
  ["nothing that no header can hold", { ...imageFields, mediaType: "application/\r\nx+json" }, octetStream],
  ["its fields", indexFields, index],
  ["its fields", imageFields, image],
  ["nothing for schema 1", { schemaVersion: 1 }, undefined],
  ["nothing for other JSON", [], undefined],
])("storedMediaType() goes by %s", (_name, value, want) => {
  expect(storedMediaType(new TextEncoder().encode(JSON.stringify(value)))).toEqual(want);
});

test("storedMediaType() has no type for what is no JSON", () => {
  expect(storedMediaType(new Uint8Array([1, 2, 3]))).toBeUndefined();
});

test("parseManifest() understands or refuses, whatever the bytes and the declared type", () => {
  const typeText = fc.oneof(fc.constantFrom("", "text/a", "a/b;c=d"), fc.string());
  const descriptor = fc.record(
    {
      mediaType: typeText,
      size: fc.oneof({ weight: 9, arbitrary: fc.nat() }, { weight: 1, arbitrary: fc.double() }),
      digest: fc.constantFrom(`sha256:${"a".repeat(64)}`, `sha512:${"b".repeat(128)}`, `sha256:${"A".repeat(64)}`, ""),
    },
    { requiredKeys: ["mediaType", "size", "digest"] },
  );
  const rarely = (arbitrary: fc.Arbitrary<unknown>) =>
    fc.oneof({ weight: 9, arbitrary }, { weight: 1, arbitrary: fc.anything() });
  const fields = fc.record(
    {
      schemaVersion: rarely(fc.constant(2)),
      mediaType: fc.constantFrom(...manifestTypes),
      config: rarely(descriptor),
      layers: rarely(fc.array(descriptor, { maxLength: 2 })),
      manifests: rarely(fc.array(descriptor, { maxLength: 2 })),
      subject: rarely(descriptor),
      annotations: rarely(fc.dictionary(fc.string(), fc.string())),
    },
    { requiredKeys: ["schemaVersion"] },
  );
  const toText = (value: unknown) =>
    JSON.stringify(value, (_key, each) => (typeof each === "bigint" ? String(each) : each)) ?? "";
  const good = fc.record({
    mediaType: fc.constantFrom("", "text/a", "spdx+json"),
    size: fc.nat(),
    digest: fc.constant(`sha256:${"a".repeat(64)}`),
  });
  const image = fc.record({ schemaVersion: fc.constant(2), config: good, layers: fc.array(good), subject: good });
  const index = fc.record({ schemaVersion: fc.constant(2), manifests: fc.array(good) });
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => new TextEncoder().encode(text)),
    fc.oneof(fields, image, index).map((value) => new TextEncoder().encode(toText(value))),
  );
  let understood = 0;
  fc.assert(
    fc.property(bytes, fc.constantFrom(undefined, undefined, ...manifestTypes, "text/plain"), (body, contentType) => {
      const result = parseManifest(body, contentType);
      if ("problem" in result) return expect(result.problem).not.toBe("");
      understood += 1;
      // The type is not stored beside the bytes: it must be found in them again.
      expect(storedMediaType(body)).toBe(result.manifest.mediaType);
    }),
    { numRuns: 500 },
  );
  expect(understood).toBeGreaterThan(10);
});
