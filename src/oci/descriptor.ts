// Descriptors: type, size and digest of content that a manifest names (OCI image-spec, descriptor.md).
import { findFoldedKey, foldKeys } from "../lib/json.ts";
import { type Digest, parseDigest } from "./digest.ts";
import { isForeignLayer, isMediaType } from "./media-type.ts";

/** A checked descriptor, with the fields that a registry acts on. */
export interface Descriptor {
  readonly mediaType: string;
  readonly sizeBytes: number;
  readonly digest: Digest;
  readonly urls: readonly string[];
  readonly platform: Platform | undefined;
}

/** What a child of an index runs on. */
export interface Platform {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string | undefined;
}

/** A descriptor, or a sentence about what is wrong with it. */
export type DescriptorResult = { readonly descriptor: Descriptor } | { readonly problem: string };

const descriptorKeys = foldKeys([
  "mediaType",
  "digest",
  "size",
  "urls",
  "annotations",
  "data",
  "artifactType",
  "platform",
]);

/** Whether a JSON value is an object (and not an array or null). */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A stranger's text for a message. */
function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}

/** Checks a descriptor; sizes beyond 2^53 are refused, since JSON readers round them. */
export function parseDescriptor(value: unknown): DescriptorResult {
  if (!isRecord(value)) return { problem: "is not a descriptor" };
  const misspelt = findFoldedKey(value, descriptorKeys);
  if (misspelt !== undefined)
    return { problem: `has the key ${JSON.stringify(misspelt)}, which differs from a known one only by case` };
  const { mediaType, size, digest, urls, platform } = value;
  if (typeof mediaType !== "string") return { problem: "has no mediaType" };
  if (!isMediaType(mediaType)) return { problem: `has an invalid mediaType: ${quote(mediaType)}` };
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0) return { problem: "has no valid size" };
  if (typeof digest !== "string") return { problem: "has no digest" };
  const parsed = parseDigest(digest);
  if (parsed === undefined) return { problem: `has an invalid or unsupported digest: ${digest.slice(0, 200)}` };
  const links = urls ?? [];
  if (!Array.isArray(links) || !links.every((url) => typeof url === "string"))
    return { problem: "has urls that are not strings" };
  return {
    descriptor: {
      mediaType,
      sizeBytes: size,
      digest: parsed,
      urls: links as string[],
      platform: parsePlatform(platform),
    },
  };
}

/** The platform in a descriptor or in the configuration of an image; undefined where it says none. */
export function parsePlatform(value: unknown): Platform | undefined {
  if (!isRecord(value)) return undefined;
  const { architecture, os } = value;
  if (typeof architecture !== "string" || typeof os !== "string") return undefined;
  return { architecture, os, variant: typeof value.variant === "string" ? value.variant : undefined };
}

/** As users write it: "linux/arm/v7"; undefined if it is unknown, as attestations say. */
export function formatPlatform({ os, architecture, variant = "" }: Platform): string | undefined {
  if (os === "unknown" || os === "" || architecture === "") return undefined;
  return [os, architecture, ...(variant === "" ? [] : [variant])].map((part) => part.slice(0, maxPartLength)).join("/");
}

const maxPartLength = 50;

/** The platform that a descriptor or a configuration names, as users write it. */
export function showPlatform(value: unknown): string | undefined {
  const platform = parsePlatform(value);
  return platform && formatPlatform(platform);
}

/** Whether clients fetch the layer from its `urls`, so that the registry need not store it. */
export function isStoredElsewhere({ mediaType, urls }: Descriptor): boolean {
  return urls.length > 0 && isForeignLayer(mediaType);
}
