// Images, indexes and artifacts of random bytes, made but not yet pushed.
import { randomBytes } from "node:crypto";
import { digestOf } from "../e2e/image.ts";
import type { Client, PushedManifest, Way } from "./client.ts";

/** What an image and its parts are called. */
const ociTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
};
const dockerTypes = {
  manifest: "application/vnd.docker.distribution.manifest.v2+json",
  config: "application/vnd.docker.container.image.v1+json",
  layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
};
const indexType = "application/vnd.oci.image.index.v1+json";

/** An image with everything that it is made of. */
export interface MadeImage {
  readonly config: Uint8Array<ArrayBuffer>;
  readonly layer: Uint8Array<ArrayBuffer>;
  readonly manifest: PushedManifest;
}

/** Random bytes for a blob. */
export function makeBytes(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(randomBytes(sizeBytes));
}

/** An image with one layer; with a subject it is an artifact. */
export function makeImage({
  layerBytes = 3000,
  isDocker = false,
  subject,
}: {
  layerBytes?: number;
  /** Of docker's own types instead of the OCI's. */
  isDocker?: boolean;
  subject?: PushedManifest;
} = {}): MadeImage {
  const config = new TextEncoder().encode(
    JSON.stringify({ architecture: "amd64", os: "linux", id: Bun.randomUUIDv7() }),
  );
  const layer = makeBytes(layerBytes);
  const types = isDocker ? dockerTypes : ociTypes;
  const manifest = makeManifest(types.manifest, {
    ...(subject === undefined ? {} : { artifactType: "application/vnd.example.sbom" }),
    config: describe(types.config, config),
    layers: [describe(types.layer, layer)],
    ...(subject === undefined ? {} : { subject: describe(subject.mediaType, subject.bytes) }),
  });
  return { config, layer, manifest };
}

/** An index of manifests. */
export function makeIndex(children: readonly PushedManifest[]): PushedManifest {
  const manifests = children.map((child) => describe(child.mediaType, child.bytes));
  return makeManifest(indexType, { manifests, annotations: { id: Bun.randomUUIDv7() } });
}

/** Pushes the blobs of an image and then its manifest. */
export async function pushMade(
  client: Client,
  name: string,
  { image, tag, way }: { readonly image: MadeImage; readonly tag?: string | undefined; readonly way?: Way },
): Promise<void> {
  await client.pushBlob(name, image.config, way);
  await client.pushBlob(name, image.layer, way);
  await client.pushManifest(name, image.manifest, tag);
}

function makeManifest(mediaType: string, content: object): PushedManifest {
  const bytes = new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType, ...content }));
  return { digest: digestOf(bytes), mediaType, bytes };
}

function describe(mediaType: string, bytes: Uint8Array) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length };
}
