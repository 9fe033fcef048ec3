// What `docker save` wrote, as a source. A newer one has an OCI layout in it, whose digests are kept. For an older one a
// manifest is made: of the configuration and the layers as they are, whose digests are those of their bytes.
import { type Content, readContent } from "../../lib/content.ts";
import { type Descriptor, isRecord } from "../../oci/descriptor.ts";
import { type Digest, parseDigest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { hashInTurns, startHash } from "../../oci/hash.ts";
import { ociImageManifest } from "../../oci/media-type.ts";
import type { LayoutFiles } from "../layout/files.ts";
import type { LayoutEntry } from "../layout/index-file.ts";
import { type LayoutSource, openLayoutSource, sourceOfEntries } from "../layout/source.ts";
import type { WholeManifest } from "../place.ts";
import { type DockerImage, readDockerManifest } from "./docker-manifest.ts";

const maxJsonBytes = 16 * 1024 * 1024;
const configType = "application/vnd.oci.image.config.v1+json";
const layerType = "application/vnd.oci.image.layer.v1.tar";

/** Opens the archive that the files are. */
export async function openDockerSource(files: LayoutFiles): Promise<LayoutSource> {
  if ((await files.open("oci-layout")) !== undefined) return await openLayoutSource(files);
  const images = readDockerManifest(await readJson(files, "manifest.json"), files.label);
  const entries: LayoutEntry[] = [];
  const manifests = new Map<Digest, WholeManifest>();
  const blobs = new Map<Digest, Content>();
  for (const image of images) {
    const manifest = await makeManifest(files, image, blobs);
    manifests.set(manifest.digest, manifest);
    const descriptor = { ...described(manifest.digest, manifest.bytes.length), mediaType: ociImageManifest };
    // The names of one entry mean the same: these are several images.
    const names = image.repoTags.length === 0 ? [[]] : image.repoTags.map((name) => [name]);
    for (const each of names) entries.push({ descriptor, names: each });
  }
  return sourceOfEntries(entries, {
    label: files.label,
    readManifest: async (digest) => manifests.get(digest),
    openBlob: async (digest) => blobs.get(digest),
  });
}

async function makeManifest(
  files: LayoutFiles,
  image: DockerImage,
  blobs: Map<Digest, Content>,
): Promise<WholeManifest> {
  const config = await requireFile(files, image.config);
  if (config.sizeBytes > maxJsonBytes) throw invalid(files, `${image.config} is too large`);
  const configBytes = await readContent(config);
  const configDigest = await hashInTurns(configBytes, "sha256");
  blobs.set(configDigest, config);
  const diffIds = readDiffIds(configBytes);
  const layers: object[] = [];
  for (const [index, path] of image.layers.entries()) {
    const content = await requireFile(files, path);
    const compression = await compressionOf(content);
    const digest = (compression === "" ? diffIds[index] : undefined) ?? (await digestOf(content));
    blobs.set(digest, content);
    layers.push({ mediaType: `${layerType}${compression}`, digest, size: content.sizeBytes });
  }
  const manifest = {
    schemaVersion: 2,
    mediaType: ociImageManifest,
    config: { mediaType: configType, digest: configDigest, size: configBytes.length },
    layers,
  };
  const bytes = new TextEncoder().encode(JSON.stringify(manifest));
  return { bytes, digest: await hashInTurns(bytes, "sha256"), mediaType: ociImageManifest };
}

/** The digests of the layers without compression, which the copy checks as it reads them. */
function readDiffIds(config: Uint8Array): readonly (Digest | undefined)[] {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(config));
    const ids = isRecord(value) && isRecord(value.rootfs) ? value.rootfs.diff_ids : undefined;
    return Array.isArray(ids) ? ids.map((id) => (typeof id === "string" ? parseDigest(id) : undefined)) : [];
  } catch {
    return [];
  }
}

/** What a layer is compressed with, as its media type says it. */
async function compressionOf(content: Content): Promise<"" | "+gzip" | "+zstd"> {
  const start = Buffer.from(await readContent(content.slice(0, Math.min(4, content.sizeBytes)))).toString("hex");
  if (start.startsWith("1f8b")) return "+gzip";
  return start === "28b52ffd" ? "+zstd" : "";
}

async function digestOf(content: Content): Promise<Digest> {
  const hash = startHash("sha256");
  for await (const chunk of content.stream()) hash.update(chunk);
  return hash.digest();
}

async function requireFile(files: LayoutFiles, path: string): Promise<Content> {
  const content = await files.open(path);
  if (content === undefined) throw invalid(files, `${path} is missing`);
  return content;
}

async function readJson(files: LayoutFiles, path: string): Promise<unknown> {
  const content = await files.open(path);
  if (content === undefined) throw invalid(files, `it has no ${path}; is it from \`docker save\`?`);
  if (content.sizeBytes > maxJsonBytes) throw invalid(files, `${path} is too large`);
  try {
    return JSON.parse(new TextDecoder().decode(await readContent(content)));
  } catch {
    throw invalid(files, `${path} is not JSON`);
  }
}

function described(digest: Digest, sizeBytes: number): Omit<Descriptor, "mediaType"> {
  return { digest, sizeBytes, urls: [], platform: undefined };
}

function invalid({ label }: LayoutFiles, how: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", { message: `${label}: ${how}` });
}
