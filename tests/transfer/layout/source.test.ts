// Layouts as other tools write them, and broken ones.
import { describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hashBytes } from "../../../src/oci/hash.ts";
import { codeOf } from "../../registry/refused.ts";
import { tagged, utf8 } from "../../registry/stocked.ts";
import { temporaryDirectory } from "../../temporary-directory.ts";
import { readLayout } from "./layout.ts";

const imageType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";
const dockerType = "application/vnd.docker.distribution.manifest.v2+json";

/** A layout of these entries. */
function write(
  directory: string,
  entries: readonly unknown[],
  marker: unknown = { imageLayoutVersion: "1.0.0" },
): void {
  mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
  writeFileSync(join(directory, "oci-layout"), JSON.stringify(marker));
  writeFileSync(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: entries }));
}

/** Stores a manifest; its entry. */
function put(directory: string, manifest: object, name?: string, type = imageType): Record<string, unknown> {
  const bytes = utf8(JSON.stringify({ schemaVersion: 2, mediaType: type, ...manifest }));
  const digest = hashBytes(bytes, "sha256");
  mkdirSync(join(directory, "blobs/sha256"), { recursive: true });
  writeFileSync(join(directory, "blobs", digest.replace(":", "/")), bytes);
  const annotations = name === undefined ? {} : { annotations: { "org.opencontainers.image.ref.name": name } };
  return { mediaType: type, digest, size: bytes.length, ...annotations };
}

const config = { mediaType: "application/vnd.oci.image.config.v1+json", digest: `sha256:${"0".repeat(64)}`, size: 2 };
const image = (number: number) => ({ config, layers: [], annotations: { number: `${number}` } });

describe("a layout", () => {
  test("with whole references as names is asked by them, or by their tags", async () => {
    using directory = temporaryDirectory();
    const [one, two] = [
      put(directory.path, image(1), "team/app:v1"),
      put(directory.path, image(2), "docker.io/team/app:v2"),
    ];
    write(directory.path, [one, two]);
    const layout = await readLayout(directory.path);
    expect([layout.named("v2").digest, layout.named("team/app:v1").tag] as unknown[]).toEqual([
      two.digest as string,
      "v1",
    ]);
    expect((await layout.manifest({ kind: "tag", tag: tagged("v1") }))?.digest as string).toBe(one.digest as string);
    expect(() => layout.only()).toThrow(
      "oci:layout has several images; name one of team/app:v1, docker.io/team/app:v2",
    );
    expect(() => layout.named("v3")).toThrow("oci:layout has no image called v3");
  });

  test("that gives one tag to two images is refused", async () => {
    using directory = temporaryDirectory();
    write(directory.path, [put(directory.path, image(1), "a:v1"), put(directory.path, image(2), "b:v1")]);
    expect((await readLayout(directory.path)).named.bind(undefined, "v1")).toThrow(
      "several images called v1: a:v1, b:v1",
    );
  });

  test("with Docker's manifests, nested indexes and unknown types is read", async () => {
    using directory = temporaryDirectory();
    const docker = put(directory.path, image(1), undefined, dockerType);
    const nested = put(directory.path, { manifests: [docker] }, undefined, indexType);
    const index = put(directory.path, { manifests: [nested] }, "v1", indexType);
    write(directory.path, [{ mediaType: "application/x-odd", digest: "md5:1", size: 1 }, null, 7, index]);
    const layout = await readLayout(directory.path);
    expect([layout.only().digest as string, layout.entries.length]).toEqual([index.digest as string, 1]);
    const found = await layout.manifest({ kind: "digest", digest: docker.digest as never });
    expect(found?.mediaType).toBe(dockerType);
  });

  test("without images has none", async () => {
    using directory = temporaryDirectory();
    write(directory.path, []);
    expect((await readLayout(directory.path)).only.bind(undefined)).toThrow("oci:layout has no images");
  });

  test.each([
    ["nothing in it", (directory: string) => rmSync(join(directory, "oci-layout"))],
    ["another version", (directory: string) => write(directory, [], { imageLayoutVersion: "9.0.0" })],
    ["no index", (directory: string) => rmSync(join(directory, "index.json"))],
    ["an index that is no JSON", (directory: string) => writeFileSync(join(directory, "index.json"), "{")],
    ["an index that is no index", (directory: string) => writeFileSync(join(directory, "index.json"), "[]")],
  ])("with %s is refused", async (_name, breakIt) => {
    using directory = temporaryDirectory();
    write(directory.path, []);
    breakIt(directory.path);
    expect(await codeOf(readLayout(directory.path))).toBe("MANIFEST_INVALID");
  });

  test("with damaged, missing or senseless manifests refuses those", async () => {
    using directory = temporaryDirectory();
    const damaged = put(directory.path, image(1), "damaged");
    writeFileSync(join(directory.path, "blobs", String(damaged.digest).replace(":", "/")), "{}");
    const senseless = hashBytes(utf8("[]"), "sha256");
    writeFileSync(join(directory.path, "blobs", senseless.replace(":", "/")), "[]");
    write(directory.path, [damaged]);
    const layout = await readLayout(directory.path);
    expect(await codeOf(layout.manifest({ kind: "tag", tag: tagged("damaged") }))).toBe("DIGEST_INVALID");
    expect(await codeOf(layout.manifest({ kind: "digest", digest: senseless }))).toBe("MANIFEST_INVALID");
    expect(await layout.manifest({ kind: "digest", digest: config.digest as never })).toBeUndefined();
    expect(await layout.manifest({ kind: "tag", tag: tagged("other") })).toBeUndefined();
  });
});
