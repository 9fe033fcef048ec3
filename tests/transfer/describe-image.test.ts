import { expect, test } from "bun:test";
import type { Digest } from "../../src/oci/digest.ts";
import { hashBytes } from "../../src/oci/hash.ts";
import { describeImage, type FoundManifest, type ImageReader } from "../../src/transfer/describe-image.ts";

const utf8 = (value: unknown) => new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value));
const layer = {
  mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
  digest: `sha256:${"1".repeat(64)}`,
  size: 100,
};

/** A repository of what is put into it. */
function repository() {
  const contents = new Map<Digest, Uint8Array>();
  const put = (value: unknown): FoundManifest => {
    const bytes = utf8(value);
    const digest = hashBytes(bytes, "sha256");
    contents.set(digest, bytes);
    return { bytes, digest, contentType: undefined };
  };
  const reader: ImageReader = {
    manifest: async (reference) => {
      const bytes = reference.kind === "digest" ? contents.get(reference.digest) : undefined;
      return bytes === undefined || reference.kind === "tag"
        ? undefined
        : { bytes, digest: reference.digest, contentType: undefined };
    },
    blob: async (digest) => contents.get(digest),
  };
  const image = (config: unknown, mediaType = "application/vnd.oci.image.config.v1+json") => {
    const { digest, bytes } = put(config);
    return put({ schemaVersion: 2, config: { mediaType, digest, size: bytes.length }, layers: [layer] });
  };
  return { contents, put, reader, image };
}

test("an image is its manifest, configuration and layers", async () => {
  const { reader, image } = repository();
  const read = image({ os: "linux", architecture: "amd64", created: "2020-01-01T00:00:00Z" });
  const described = await describeImage(reader, read);
  const configBytes = JSON.parse(Buffer.from(read.bytes).toString()).config.size as number;
  expect(described).toMatchObject({
    kind: "image",
    sizeBytes: read.bytes.length + configBytes + 100,
    platforms: ["linux/amd64"],
    createdMs: Date.UTC(2020),
    artifactType: undefined,
    problem: undefined,
    layers: [{ digest: layer.digest, sizeBytes: 100 }],
  });
});

test("an index is all its images, with what they share counted once, and says what is not there", async () => {
  const { put, reader, image } = repository();
  const [one, two] = [image({ created: "2020-01-01T00:00:00Z" }), image({ os: "linux" })];
  const child = ({ digest, bytes }: FoundManifest, architecture: string) => ({
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest,
    size: bytes.length,
    platform: { os: "linux", architecture },
  });
  const gone = { ...child(one, "s390x"), digest: `sha256:${"2".repeat(64)}` };
  const index = put({ schemaVersion: 2, manifests: [child(one, "amd64"), child(two, "arm64"), gone] });
  const described = await describeImage(reader, index);
  expect(described.platforms).toEqual(["linux/amd64", "linux/arm64", "linux/s390x"]);
  expect(described.children.map(({ wholeBytes }) => wholeBytes !== undefined)).toEqual([true, true, false]);
  const [a = 0, b = 0] = described.children.map(({ wholeBytes }) => wholeBytes);
  expect(described.sizeBytes).toBe(index.bytes.length + a + b - 100);
  expect(described.createdMs).toBe(Date.UTC(2020));
});

test("an artifact has a type, and its configuration is not read", async () => {
  const { reader, image } = repository();
  const described = await describeImage(reader, image({ os: "linux", architecture: "amd64" }, "application/x.config"));
  expect([described.artifactType, described.config, described.platforms]).toEqual([
    "application/x.config",
    undefined,
    [],
  ]);
});

test.each(["{", "[]", '{"schemaVersion":1}', '{"schemaVersion":2}'])("%p is told as what it is", async (text) => {
  const { put, reader } = repository();
  const described = await describeImage(reader, { ...put(text), contentType: "application/json" });
  expect([described.kind, described.sizeBytes, typeof described.problem]).toEqual(["unknown", text.length, "string"]);
});

test("a configuration that is none is as good as none", async () => {
  const { reader, image, contents } = repository();
  expect((await describeImage(reader, image("text"))).platforms).toEqual([]);
  const lost = image({ os: "linux", architecture: "amd64" });
  contents.clear();
  expect((await describeImage(reader, lost)).config).toBeUndefined();
});
