// Reads manifests, configurations and referrers over the OCI API, and never more of them than the page can show.
import { readBounded } from "./bounded-read.ts";
import {
  type ConfigDocument,
  type ManifestDocument,
  type NamedContent,
  parseConfigDocument,
  parseManifestDocument,
} from "./image-document.ts";
import { ClientError, type PageClient } from "./page-client.ts";

/** The types that are asked for; without them, registries and caches may answer with another one. */
const manifestTypes = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

/** As many as a registry has to take. */
const maxManifestBytes = 4 * 1024 * 1024;
/** No real configuration is larger; anything may be named as one. */
const maxConfigBytes = 1024 * 1024;
/** What a tab can hold without effort. */
const maxDownloadBytes = 128 * 1024 * 1024;

/** Something in a repository. */
export interface ContentPlace {
  readonly name: string;
  /** A tag or a digest. */
  readonly reference: string;
}

/** A manifest as it came. */
export interface ManifestAnswer {
  readonly digest: string;
  readonly text: string;
  /** Undefined if the page cannot read it. */
  readonly document: ManifestDocument | undefined;
}

/** A configuration, or why there is none to show. */
export type ConfigAnswer =
  | { readonly kind: "known"; readonly document: ConfigDocument }
  | { readonly kind: "other"; readonly text: string }
  | { readonly kind: "tooLarge"; readonly sizeBytes: number };

/** Reads a manifest by tag or digest. */
export async function readManifest(
  client: PageClient,
  place: ContentPlace,
  signal: AbortSignal,
): Promise<ManifestAnswer> {
  const response = await client.ask(question(client, place, { signal, kind: "manifests" }));
  const text = decode(await requireBounded(response, maxManifestBytes));
  const digest = response.headers.get("docker-content-digest") ?? place.reference;
  return { digest, text, document: parseManifestDocument(text, response.headers.get("content-type") ?? "") };
}

/** The digest behind a tag as it is now; undefined if the tag is gone. */
export async function findDigest(client: PageClient, place: ContentPlace): Promise<string | undefined> {
  try {
    const response = await client.ask({ ...question(client, place, { kind: "manifests" }), method: "HEAD" });
    return response.headers.get("docker-content-digest") ?? undefined;
  } catch (error) {
    if (error instanceof ClientError && error.status === 404) return undefined;
    throw error;
  }
}

/** Reads the configuration of a manifest. */
export async function readConfig(
  client: PageClient,
  { name, manifest }: { readonly name: string; readonly manifest: ManifestDocument },
  signal: AbortSignal,
): Promise<ConfigAnswer | undefined> {
  const { config, layers } = manifest;
  if (config === undefined) return undefined;
  if (config.sizeBytes > maxConfigBytes) return { kind: "tooLarge", sizeBytes: config.sizeBytes };
  const response = await client.ask(question(client, { name, reference: config.digest }, { signal, kind: "blobs" }));
  const bytes = await readBounded(response, maxConfigBytes);
  if (bytes === undefined) return { kind: "tooLarge", sizeBytes: config.sizeBytes };
  const text = decode(bytes);
  const document = isImageConfig(config.mediaType) ? parseConfigDocument(text, layers) : undefined;
  return document === undefined ? { kind: "other", text } : { kind: "known", document };
}

/** Reads what refers to a manifest; the first page, which has more than a person reads. */
export async function readReferrers(
  client: PageClient,
  { name, reference }: ContentPlace,
  signal: AbortSignal,
): Promise<readonly NamedContent[]> {
  const path = client.contentPath(name, `referrers/${reference}`);
  const response = await client.ask({ path, scope: `repository:${name}:pull`, signal });
  const text = decode(await requireBounded(response, maxManifestBytes));
  return parseManifestDocument(text, "")?.manifests ?? [];
}

/** Whether the page can hand the content over as a file. */
export function isDownloadable(sizeBytes: number): boolean {
  return sizeBytes <= maxDownloadBytes;
}

/** What is downloaded of a referrer: its only layer, such as an SBOM, or else its manifest. */
export async function readReferrer(
  client: PageClient,
  place: ContentPlace,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly title: string | undefined }> {
  const { text, document } = await readManifest(client, place, new AbortController().signal);
  const layer = document?.layers.length === 1 ? document.layers[0] : undefined;
  if (layer === undefined || !isDownloadable(layer.sizeBytes)) {
    return { bytes: new TextEncoder().encode(text), title: undefined };
  }
  const response = await client.ask(question(client, { ...place, reference: layer.digest }, { kind: "blobs" }));
  const title = layer.annotations.find(([name]) => name === "org.opencontainers.image.title")?.[1];
  return { bytes: await requireBounded(response, maxDownloadBytes), title };
}

function question(
  client: PageClient,
  { name, reference }: ContentPlace,
  { kind, signal }: { readonly kind: "manifests" | "blobs"; readonly signal?: AbortSignal },
) {
  return {
    path: client.contentPath(name, `${kind}/${reference}`),
    scope: `repository:${name}:pull`,
    accept: kind === "manifests" ? manifestTypes : "*/*",
    ...(signal === undefined ? {} : { signal }),
  };
}

async function requireBounded(response: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readBounded(response, maxBytes);
  if (bytes === undefined) throw new ClientError("", { status: 413, code: "TOO_LARGE" });
  return bytes;
}

function isImageConfig(mediaType: string): boolean {
  return ["application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json"].includes(
    mediaType,
  );
}

function decode(bytes: Uint8Array<ArrayBuffer>): string {
  return new TextDecoder().decode(bytes);
}
