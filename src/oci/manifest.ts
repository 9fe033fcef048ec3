// Manifests: their bytes, checked once; everything below works with the result.
import { findFoldedKey, foldKeys, type JsonResult, parseStrictJson, parseStrictJsonInTurns } from "../lib/json.ts";
import type { JsonLimits } from "../lib/json-shape.ts";
import { stepAside } from "../lib/pacer.ts";
import { type Descriptor, isRecord, parseDescriptor } from "./descriptor.ts";
import {
  isMediaType,
  isSchema1,
  type ManifestKind,
  type ManifestType,
  manifestKind,
  manifestTypes,
  ociImageIndex,
  ociImageManifest,
  parseManifestType,
  servedType,
  stripParameters,
} from "./media-type.ts";

/** The largest manifest; the spec requires at least 4 MB, and distribution has the same limit. */
export const maxManifestBytes = 4 * 1024 * 1024;
/**
 * Limits on what takes long to read: several times what the largest manifests in use have. Those are artifacts with one
 * layer per file, some thousands of them, and indexes with one entry per signature; images have a hundred layers, and
 * other registries refuse 500 or 1000.
 */
export const manifestLimits: JsonLimits = {
  maxDepth: 100,
  maxValues: 250_000,
  maxDifferentKeys: 5000,
  maxEscapes: 250_000,
  wholeKeys: ["schemaVersion", "size"],
};
/** Layers of an image, or children of an index. */
const maxDescriptors = 10_000;
const manifestKeys = foldKeys([
  "schemaVersion",
  "mediaType",
  "config",
  "layers",
  "manifests",
  "subject",
  "artifactType",
  "annotations",
]);

/** A parsed manifest. */
export interface Manifest {
  readonly mediaType: ManifestType;
  readonly kind: ManifestKind;
  /** Config and layers of an image; empty for an index. */
  readonly blobs: readonly Descriptor[];
  /** Children of an index; empty for an image. */
  readonly children: readonly Descriptor[];
  readonly subject: Descriptor | undefined;
  /** The manifest's, or the media type of an image's config if the manifest has none (spec, "Listing Referrers"). */
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>> | undefined;
}

/** A manifest, or a sentence about why it is refused. */
export type ManifestResult = { readonly manifest: Manifest } | { readonly problem: string };

type Fields = Readonly<Record<string, unknown>>;

/** Parses a manifest. `contentType` is what the client declared; without one the body's mediaType counts. */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): ManifestResult {
  return readManifest(parseStrictJson(bytes, manifestLimits), contentType);
}

/** A longer manifest is not parsed in one go. */
const longBytes = 64 * 1024;
/** What checking ten thousand descriptors takes. */
const longStepMs = 10;

/** The same, over several turns of the event loop for a long one. */
export async function parseManifestInTurns(
  bytes: Uint8Array,
  contentType: string | undefined,
): Promise<ManifestResult> {
  if (bytes.length < longBytes) return parseManifest(bytes, contentType);
  const json = await parseStrictJsonInTurns(bytes, manifestLimits);
  await stepAside(longStepMs);
  return readManifest(json, contentType);
}

function readManifest(json: JsonResult, contentType: string | undefined): ManifestResult {
  const declared = contentType === undefined ? undefined : stripParameters(contentType);
  if (declared !== undefined && isSchema1(declared)) {
    return { problem: "schema 1 manifests are not supported; push with a client that speaks schema 2 or OCI" };
  }
  if ("problem" in json) return json;
  if (!isRecord(json.value)) return { problem: "the manifest is not a JSON object" };
  const misspelt = findFoldedKey(json.value, manifestKeys);
  if (misspelt !== undefined) {
    return { problem: `the key ${JSON.stringify(misspelt)} differs from a known one only by case` };
  }
  const fields = presentFields(json.value);
  const problem = findAmbiguity(fields);
  if (problem !== undefined) return { problem };
  const type = decideType(fields, declared);
  return "problem" in type ? type : readFields(fields, type.mediaType);
}

/** What Go's decoder takes for present: not null, and not an empty list of manifests beside a media type. */
function presentFields(written: Fields): Fields {
  const present = Object.fromEntries(Object.entries(written).filter(([name, value]) => !isAbsent(name, value)));
  const type = typeof written.mediaType === "string" ? parseManifestType(written.mediaType) : undefined;
  const isEmptyIndex = written.manifests === null && type !== undefined && manifestKind(type) === "index";
  return isEmptyIndex ? { ...present, manifests: [] } : present;
}

/** An empty list of layers or manifests is content: it makes an image or an index. */
function isAbsent(name: string, value: unknown): boolean {
  if (value === null) return true;
  if (name === "mediaType" || name === "artifactType") return value === "";
  return name === "subject" && isRecord(value) && Object.keys(value).length === 0;
}

/**
 * Bytes that one reader takes for an image and another for an index, or that Go's decoder, which folds the case of
 * keys, reads differently than we do (CVE-2021-41190 and its kind).
 */
function findAmbiguity(fields: Fields): string | undefined {
  if (fields.schemaVersion === 1)
    return "schema 1 manifests are not supported; push with a client that speaks schema 2 or OCI";
  if (fields.schemaVersion !== 2) return "schemaVersion is not 2";
  const isImage = fields.config !== undefined || fields.layers !== undefined;
  if (isImage && fields.manifests !== undefined)
    return "the manifest is both an image (config, layers) and an index (manifests)";
  if (!isImage && fields.manifests === undefined) return "the manifest has neither config and layers nor manifests";
  return undefined;
}

function decideType(
  fields: Fields,
  declared: string | undefined,
): { readonly mediaType: ManifestType } | { readonly problem: string } {
  const inBody = fields.mediaType;
  if (inBody !== undefined && typeof inBody !== "string") return { problem: "mediaType is not a string" };
  if (inBody !== undefined && declared !== undefined && inBody !== declared) {
    return { problem: `the Content-Type is ${declared}, but the manifest says ${inBody}` };
  }
  const derived = fields.manifests === undefined ? ociImageManifest : ociImageIndex;
  const named = inBody ?? declared ?? derived;
  const mediaType = parseManifestType(named);
  if (mediaType === undefined) {
    return {
      problem: `the manifest type ${named.slice(0, 200)} is not supported; supported are ${manifestTypes.join(", ")}`,
    };
  }
  // The type is not stored with the bytes: if the body leaves it out, it must follow from the fields.
  if (inBody === undefined && mediaType !== derived) {
    return { problem: `a manifest of type ${mediaType} must say so in its mediaType, or its fields must fit` };
  }
  if ((manifestKind(mediaType) === "index") !== (fields.manifests !== undefined)) {
    return { problem: `the fields of the manifest do not fit its type ${mediaType}` };
  }
  return { mediaType };
}

function readFields(fields: Fields, mediaType: ManifestType): ManifestResult {
  const kind = manifestKind(mediaType);
  const problems: string[] = [];
  const one = (name: string): Descriptor[] => {
    const result = parseDescriptor(fields[name]);
    if ("descriptor" in result) return [result.descriptor];
    problems.push(`${name} ${result.problem}`);
    return [];
  };
  const many = (name: string): Descriptor[] => {
    const values = fields[name] ?? [];
    if (!Array.isArray(values)) problems.push(`${name} is not an array`);
    else if (values.length > maxDescriptors) problems.push(`${name} has more than ${maxDescriptors} entries`);
    const results = Array.isArray(values) && problems.length === 0 ? values.map(parseDescriptor) : [];
    results.forEach((result, index) => {
      if ("problem" in result) problems.push(`${name}[${index}] ${result.problem}`);
    });
    return results.flatMap((result) => ("descriptor" in result ? [result.descriptor] : []));
  };
  const blobs = kind === "image" ? [...one("config"), ...many("layers")] : [];
  const children = kind === "index" ? many("manifests") : [];
  const subject = fields.subject === undefined ? undefined : one("subject")[0];
  const annotations = readAnnotations(fields.annotations, problems);
  if (fields.artifactType !== undefined && !isArtifactType(fields.artifactType))
    problems.push("artifactType is not a media type");
  if (problems[0] !== undefined) return { problem: problems[0] };
  const ownType = typeof fields.artifactType === "string" ? fields.artifactType : undefined;
  const artifactType = ownType ?? (kind === "image" ? blobs[0]?.mediaType : undefined);
  return { manifest: { mediaType, kind, blobs, children, subject, artifactType, annotations } };
}

function isArtifactType(value: unknown): boolean {
  return typeof value === "string" && isMediaType(value);
}

function readAnnotations(value: unknown, problems: string[]): Record<string, string> | undefined {
  if (value === undefined) return undefined;
  const present = isRecord(value) ? Object.entries(value).filter(([, text]) => text !== null) : undefined;
  if (present?.every((entry): entry is [string, string] => typeof entry[1] === "string")) {
    return Object.fromEntries(present);
  }
  problems.push("annotations is not an object of strings");
  return undefined;
}

/** Whether the bytes are a manifest that some registry stores, whether or not we would accept it. */
export function isStoredManifest(bytes: Uint8Array): boolean {
  const version = readVersioned(bytes)?.schemaVersion;
  return version === 1 || version === 2;
}

/**
 * The type under which stored bytes are served, without judging the rest: another registry may have accepted what we
 * would refuse. Undefined for schema 1 and for anything but a manifest.
 */
export function storedMediaType(bytes: Uint8Array): string | undefined {
  const value = readVersioned(bytes);
  if (value?.schemaVersion !== 2) return undefined;
  if (typeof value.mediaType === "string" && value.mediaType !== "") return servedType(value.mediaType);
  return (value.manifests ?? undefined) === undefined ? ociImageManifest : ociImageIndex;
}

function readVersioned(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
