// Media types of manifests and of foreign layers (OCI image-spec, media-types.md; Docker schema 2).
//
//   media type ::= name ["/" name] [";" parameters]     at most 255 characters
//   name       ::= restricted-name of RFC 6838, section 4.2, at most 127 characters

/** The manifest types that are stored and served. */
export type ManifestType =
  | "application/vnd.oci.image.manifest.v1+json"
  | "application/vnd.oci.image.index.v1+json"
  | "application/vnd.docker.distribution.manifest.v2+json"
  | "application/vnd.docker.distribution.manifest.list.v2+json";

/** An image names a config and layers, an index names other manifests. */
export type ManifestKind = "image" | "index";

export const ociImageManifest: ManifestType = "application/vnd.oci.image.manifest.v1+json";
export const ociImageIndex: ManifestType = "application/vnd.oci.image.index.v1+json";

const kinds: Record<ManifestType, ManifestKind> = {
  "application/vnd.oci.image.manifest.v1+json": "image",
  "application/vnd.oci.image.index.v1+json": "index",
  "application/vnd.docker.distribution.manifest.v2+json": "image",
  "application/vnd.docker.distribution.manifest.list.v2+json": "index",
};

const maxLength = 255;
const grammar =
  /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}(?:\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126})?(?:[ \t]*;[\t\x20-\x7e]*)?$/;

/**
 * Whether it is allowed as the type of a descriptor or an artifact. Older clients wrote types without a slash
 * ("spdx+json"), and some leave the type empty.
 */
export function isMediaType(text: string): boolean {
  return text === "" || (text.length <= maxLength && grammar.test(text));
}

/** A type that browsers neither show nor run. */
export const octetStream = "application/octet-stream";

/**
 * The Content-Type for content of a declared type, whoever stored it: some kind of JSON, or else a type that browsers
 * neither show nor run.
 */
export function servedType(text: string): string {
  const isJson = /^application\/(?:[a-z0-9][a-z0-9!#$&^_.+-]{0,121}\+)?json$/i.test(text);
  return isJson && text.length <= maxLength ? text : octetStream;
}

/** The manifest types by name, for messages. */
export const manifestTypes = Object.keys(kinds) as readonly ManifestType[];

/** The manifest type of this name, or undefined. */
export function parseManifestType(text: string): ManifestType | undefined {
  return manifestTypes.find((type) => type === text);
}

/** Whether content of this type is a manifest, including types that only other registries store. */
export function isManifestType(text: string): boolean {
  return parseManifestType(text) !== undefined || isSchema1(text);
}

/** Whether manifests of this type are images or indexes. */
export function manifestKind(type: ManifestType): ManifestKind {
  return kinds[type];
}

/** A media type in lower case and without its parameters, which the spec says to ignore. */
export function stripParameters(contentType: string): string {
  return (contentType.split(";")[0] ?? "").trim().toLowerCase();
}

/** Docker's schema 1, which no current client needs and which cannot be verified by digest. */
export function isSchema1(type: string): boolean {
  return type.startsWith("application/vnd.docker.distribution.manifest.v1+");
}

/** Layers that may not be redistributed: where they have `urls`, clients fetch them from there. */
export function isForeignLayer(type: string): boolean {
  return (
    type.startsWith("application/vnd.oci.image.layer.nondistributable.v1.tar") ||
    type === "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
  );
}
