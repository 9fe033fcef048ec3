// What an image is, as a command tells it: its manifest, the configuration or the platforms, and the size of everything.
// It reads manifests and configurations, and no layers.
import { parseStrictJsonInTurns } from "../lib/json.ts";
import { isRecord, showPlatform } from "../oci/descriptor.ts";
import { type Digest, parseDigest } from "../oci/digest.ts";
import { manifestLimits, parseManifestInTurns } from "../oci/manifest.ts";
import type { Reference } from "../oci/reference.ts";
import { type ImageConfig, parseTime, readImageConfig } from "./image-config.ts";

/** A manifest with its bytes. */
export interface FoundManifest {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  /** As it was declared, where it was. */
  readonly contentType: string | undefined;
}

/** Reads what a repository holds; undefined for what it does not. */
export interface ImageReader {
  manifest(reference: Reference): Promise<FoundManifest | undefined>;
  /** A blob of no more bytes than these; undefined for a larger one, too. */
  blob(digest: Digest, maxBytes: number): Promise<Uint8Array | undefined>;
}

/** Something that a manifest names. */
export interface DescribedContent {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A manifest in an index. */
export interface DescribedChild extends DescribedContent {
  readonly platform: string | undefined;
  /** With all that it names; undefined if it is not there. */
  readonly wholeBytes: number | undefined;
}

/** An image, or an index of several. */
export interface DescribedImage {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly kind: "image" | "index" | "unknown";
  /** Manifests, configurations and layers, each once. */
  readonly sizeBytes: number;
  readonly platforms: readonly string[];
  readonly createdMs: number | undefined;
  readonly config: ImageConfig | undefined;
  readonly layers: readonly DescribedContent[];
  readonly children: readonly DescribedChild[];
  readonly subject: Digest | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  /** The parsed manifest. */
  readonly manifest: unknown;
  /** Why the manifest cannot be understood. */
  readonly problem: string | undefined;
}

const maxConfigBytes = 4 * 1024 * 1024;
const configTypes: readonly string[] = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

/** Describes a manifest. Of an index every child is read, and of the first one that runs the configuration. */
export async function describeImage(reader: ImageReader, read: FoundManifest): Promise<DescribedImage> {
  const sizes = new Map<Digest, number>();
  const described = await describeManifest(reader, read, sizes);
  if (described.kind !== "index") return described;
  const children: DescribedChild[] = [];
  let createdMs = described.createdMs;
  for (const child of described.children) {
    const found = await reader.manifest({ kind: "digest", digest: child.digest });
    const own = new Map<Digest, number>();
    const whole = found === undefined ? undefined : await describeNames(found, own);
    for (const [digest, sizeBytes] of own) sizes.set(digest, sizeBytes);
    children.push({ ...child, wholeBytes: found === undefined ? undefined : sum(own) });
    if (createdMs === undefined && whole?.config !== undefined) {
      createdMs = (await readConfig(reader, whole.config))?.createdMs;
    }
  }
  return { ...described, children, createdMs, sizeBytes: sum(sizes) };
}

async function describeManifest(
  reader: ImageReader,
  read: FoundManifest,
  sizes: Map<Digest, number>,
): Promise<DescribedImage> {
  const json = await parseStrictJsonInTurns(read.bytes, manifestLimits);
  const manifest = "value" in json && isRecord(json.value) ? json.value : {};
  const names = await describeNames(read, sizes);
  const config = names.config === undefined ? undefined : await readConfig(reader, names.config);
  const children = listContent(manifest.manifests).map((child) => ({ ...child, wholeBytes: undefined }));
  const named = children.flatMap(({ platform }) => platform ?? []);
  const annotations = textsIn(manifest.annotations);
  return {
    digest: read.digest,
    mediaType: names.mediaType ?? read.contentType ?? "",
    artifactType: names.artifactType,
    kind: names.kind,
    sizeBytes: sum(sizes),
    platforms: [...new Set(config?.platform === undefined ? named : [config.platform])],
    createdMs: parseTime(annotations["org.opencontainers.image.created"]) ?? config?.createdMs,
    config,
    layers: listContent(manifest.layers),
    children,
    subject: names.subject,
    annotations,
    manifest,
    problem: names.problem,
  };
}

interface ManifestNames {
  readonly kind: DescribedImage["kind"];
  readonly mediaType: string | undefined;
  readonly artifactType: string | undefined;
  /** The configuration of an image that runs. */
  readonly config: Digest | undefined;
  readonly subject: Digest | undefined;
  readonly problem: string | undefined;
}

/** What a manifest says of itself; the sizes of what it names are added. */
async function describeNames(
  { bytes, digest, contentType }: FoundManifest,
  sizes: Map<Digest, number>,
): Promise<ManifestNames> {
  sizes.set(digest, bytes.length);
  const declared =
    contentType === "application/octet-stream" || contentType === "application/json" ? undefined : contentType;
  const parsed = await parseManifestInTurns(bytes, declared);
  const nothing = { mediaType: contentType, artifactType: undefined, config: undefined, subject: undefined };
  if ("problem" in parsed) return { ...nothing, kind: "unknown", problem: parsed.problem };
  const { mediaType, artifactType, kind, blobs, subject } = parsed.manifest;
  for (const blob of blobs) sizes.set(blob.digest, blob.sizeBytes);
  const [config] = kind === "image" ? blobs : [];
  const runs = config !== undefined && configTypes.includes(config.mediaType);
  return {
    kind,
    mediaType,
    artifactType: runs ? undefined : artifactType,
    config: runs ? config.digest : undefined,
    subject: subject?.digest,
    problem: undefined,
  };
}

async function readConfig(reader: ImageReader, digest: Digest): Promise<ImageConfig | undefined> {
  const bytes = await reader.blob(digest, maxConfigBytes);
  if (bytes === undefined) return undefined;
  const json = await parseStrictJsonInTurns(bytes, manifestLimits);
  return "value" in json ? readImageConfig(json.value) : undefined;
}

/** The descriptors of a list, with what people read in them; the manifest was checked before. */
function listContent(value: unknown): readonly (DescribedContent & { readonly platform: string | undefined })[] {
  return (Array.isArray(value) ? value.filter(isRecord) : []).flatMap(
    ({ digest: text, mediaType, size, annotations, platform }) => {
      const digest = typeof text === "string" ? parseDigest(text) : undefined;
      if (digest === undefined || typeof mediaType !== "string" || typeof size !== "number") return [];
      return {
        digest,
        mediaType,
        sizeBytes: size,
        annotations: textsIn(annotations),
        platform: showPlatform(platform),
      };
    },
  );
}

function textsIn(value: unknown): Readonly<Record<string, string>> {
  const entries = isRecord(value) ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function sum(sizes: ReadonlyMap<Digest, number>): number {
  let total = 0;
  for (const sizeBytes of sizes.values()) total += sizeBytes;
  return total;
}
