// OCI image layouts on disk: one that is made here, without any client, and the reading of those that clients write.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../e2e/image.ts";
import { must } from "../e2e/program.ts";
import { type Content, collectDigests } from "./tree.ts";

const types = {
  index: "application/vnd.oci.image.index.v1+json",
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** An image for two platforms in a layout. */
export interface Layout {
  readonly path: string;
  /** The tag of the index, which is the layout's only entry. */
  readonly tag: "multi";
  readonly index: string;
  readonly amd64: string;
  readonly arm64: string;
  /** Everything the index leads to, and itself. */
  readonly digests: readonly string[];
}

/** Makes a layout at the path: Debian's busybox for amd64, and something as good as it for arm64. */
export async function makeLayout(path: string): Promise<Layout> {
  mkdirSync(join(path, "blobs/sha256"), { recursive: true });
  const amd64 = await putImage(path, { architecture: "amd64", program: readFileSync("/bin/busybox") });
  const arm64 = await putImage(path, {
    architecture: "arm64",
    variant: "v8",
    program: Buffer.from("not a program of this machine"),
  });
  const index = putJson(path, types.index, {
    schemaVersion: 2,
    mediaType: types.index,
    manifests: [
      { ...amd64, platform: { architecture: "amd64", os: "linux" } },
      { ...arm64, platform: { architecture: "arm64", os: "linux", variant: "v8" } },
    ],
    annotations: { "org.opencontainers.image.title": "an image for two platforms" },
  });
  const entry = { ...index, annotations: { "org.opencontainers.image.ref.name": "multi" } };
  writeFileSync(join(path, "index.json"), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  writeFileSync(join(path, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  const digests = await collectDigests(index.digest, contentOf(path));
  return { path, tag: "multi", index: index.digest, amd64: amd64.digest, arm64: arm64.digest, digests };
}

/** What a layout's entry of that name leads to, or its only entry: not every client writes the name down. */
export async function readLayout(path: string, name: string): Promise<readonly string[]> {
  const { manifests } = JSON.parse(readFileSync(join(path, "index.json"), "utf8")) as {
    manifests: (Descriptor & { readonly annotations?: Readonly<Record<string, string>> })[];
  };
  const named = manifests.find(({ annotations }) => annotations?.["org.opencontainers.image.ref.name"] === name);
  const entry = named ?? (manifests.length === 1 ? manifests[0] : undefined);
  if (entry === undefined) throw new Error(`${path} has ${manifests.length} entries, none of them called ${name}`);
  return await collectDigests(entry.digest, contentOf(path));
}

function contentOf(path: string): Content {
  const read = async (digest: string) => readFileSync(blobPath(path, digest));
  return { manifest: read, blob: read };
}

function blobPath(path: string, digest: string): string {
  return join(path, "blobs", digest.replace(":", "/"));
}

function put(path: string, mediaType: string, bytes: Uint8Array): Descriptor {
  const digest = digestOf(bytes);
  writeFileSync(blobPath(path, digest), bytes);
  return { mediaType, digest, size: bytes.length };
}

function putJson(path: string, mediaType: string, value: unknown): Descriptor {
  return put(path, mediaType, new TextEncoder().encode(JSON.stringify(value)));
}

/** An image that engines unpack and run: the layer is a real archive, and the configuration names what is in it. */
async function putImage(
  path: string,
  { program, ...platform }: { readonly architecture: string; readonly variant?: string; readonly program: Uint8Array },
): Promise<Descriptor> {
  const tree = join(path, `tree-${platform.architecture}`);
  mkdirSync(join(tree, "bin"), { recursive: true });
  writeFileSync(join(tree, "bin/busybox"), program, { mode: 0o755 });
  await must(["ln", "-s", "busybox", join(tree, "bin/sh")]);
  const archive = `${tree}.tar`;
  const reproducible = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
  await must(["tar", "-C", tree, ...reproducible, "-cf", archive, "."]);
  const tar = readFileSync(archive);
  await must(["rm", "-r", tree, archive]);
  const layer = put(path, types.layer, Bun.gzipSync(tar));
  const config = putJson(path, types.config, {
    ...platform,
    os: "linux",
    config: { Cmd: ["/bin/sh"] },
    rootfs: { type: "layers", diff_ids: [digestOf(tar)] },
  });
  return putJson(path, types.manifest, { schemaVersion: 2, mediaType: types.manifest, config, layers: [layer] });
}
