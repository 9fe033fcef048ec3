// A layout as a source: index.json says what there is, and everything else lies under its digest.
import { readContent } from "../../lib/content.ts";
import { parseStrictJsonInTurns } from "../../lib/json.ts";
import { type Descriptor, isRecord } from "../../oci/descriptor.ts";
import { type Digest, digestAlgorithm } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { hashInTurns } from "../../oci/hash.ts";
import { maxManifestBytes, parseManifestInTurns, storedMediaType } from "../../oci/manifest.ts";
import { isManifestType } from "../../oci/media-type.ts";
import { parseTag, type Reference, type Tag } from "../../oci/reference.ts";
import type { SourcePlace, WholeManifest } from "../place.ts";
import { blobPath, type LayoutFiles } from "./files.ts";
import { findLayoutEntry, type LayoutEntry, layoutEntries, onlyLayoutEntry, readLayoutIndex } from "./index-file.ts";

/** A layout, with what its index lists. */
export interface LayoutSource extends SourcePlace {
  readonly entries: readonly LayoutEntry[];
  /** The only image that there is; throws if there are several. */
  only(): NamedImage;
  /** The image of this name, or of this tag whatever its repository; throws if there is none, or several. */
  named(name: string): NamedImage;
}

/** An image of a layout, and its tag if it has one. */
export interface NamedImage {
  readonly digest: Digest;
  readonly tag: Tag | undefined;
}

const maxIndexBytes = 64 * 1024 * 1024;
const indexLimits = { maxDepth: 100, maxValues: 2_000_000, maxDifferentKeys: 5000, maxEscapes: 250_000 };

/** Opens the layout that the files are; throws a refusal that says what is wrong with it. */
export async function openLayoutSource(files: LayoutFiles): Promise<LayoutSource> {
  const { label } = files;
  const entries = layoutEntries(readLayoutIndex(await readIndexJson(files), label));
  const read = (digest: Digest) => readLayoutManifest(files, digest);
  return {
    label,
    home: undefined,
    entries,
    only: () => imageOf(onlyLayoutEntry(entries, label)),
    named: (name) => {
      const entry = findLayoutEntry(entries, name, label);
      if (entry !== undefined) return imageOf(entry);
      throw new RegistryError("MANIFEST_UNKNOWN", { message: `${label} has no image called ${name}` });
    },
    manifest: async (reference) => {
      const digest = resolve(entries, reference, label);
      return digest === undefined ? undefined : await read(digest);
    },
    readBlob: (blob, { offset }) => readLayoutBlob(files, blob, offset),
    referrers: (subject) => findReferrers(entries, subject, read),
    tags: () => listNames(entries),
  };
}

/** The value of index.json, of a layout of a version that is known. */
async function readIndexJson(files: LayoutFiles): Promise<unknown> {
  const marker = await readJson(files, "oci-layout");
  const version = isRecord(marker) ? marker.imageLayoutVersion : undefined;
  if (version !== "1.0.0") throw invalid(`${files.label} is no OCI layout of version 1.0.0`);
  return await readJson(files, "index.json");
}

async function readJson(files: LayoutFiles, path: string): Promise<unknown> {
  const content = await files.open(path);
  if (content === undefined) throw invalid(`${files.label} is no OCI layout: it has no ${path}`);
  if (content.sizeBytes > maxIndexBytes) throw invalid(`${files.label}: ${path} is too large`);
  const json = await parseStrictJsonInTurns(await readContent(content), indexLimits);
  if ("value" in json) return json.value;
  throw invalid(`${files.label}: ${path}: ${json.problem}`);
}

function resolve(entries: readonly LayoutEntry[], reference: Reference, label: string): Digest | undefined {
  if (reference.kind === "digest") return reference.digest;
  return findLayoutEntry(entries, reference.tag, label)?.descriptor.digest;
}

async function readLayoutManifest(files: LayoutFiles, digest: Digest): Promise<WholeManifest | undefined> {
  const content = await files.open(blobPath(digest));
  if (content === undefined) return undefined;
  if (content.sizeBytes > maxManifestBytes) throw invalid(`${files.label}: ${digest} is too large for a manifest`);
  const bytes = await readContent(content);
  if ((await hashInTurns(bytes, digestAlgorithm(digest))) !== digest) {
    throw new RegistryError("DIGEST_INVALID", { message: `${files.label}: ${digest} is damaged` });
  }
  const mediaType = storedMediaType(bytes);
  if (mediaType === undefined) throw invalid(`${files.label}: ${digest} is no manifest`);
  return { digest, mediaType, bytes };
}

async function* readLayoutBlob(files: LayoutFiles, { digest }: Descriptor, offset: number): AsyncGenerator<Uint8Array> {
  const content = await files.open(blobPath(digest));
  if (content === undefined) {
    throw new RegistryError("BLOB_UNKNOWN", { message: `${files.label} has no blob ${digest}` });
  }
  yield* content.slice(offset, content.sizeBytes).stream();
}

/** As other tools write them: listed in index.json, without a name. */
async function* findReferrers(
  entries: readonly LayoutEntry[],
  subject: Digest,
  read: (digest: Digest) => Promise<WholeManifest | undefined>,
): AsyncGenerator<Digest> {
  for (const { descriptor } of entries) {
    if (!isManifestType(descriptor.mediaType)) continue;
    const manifest = await read(descriptor.digest);
    const parsed = manifest && (await parseManifestInTurns(manifest.bytes, manifest.mediaType));
    if (parsed !== undefined && "manifest" in parsed && parsed.manifest.subject?.digest === subject) {
      yield descriptor.digest;
    }
  }
}

async function* listNames(entries: readonly LayoutEntry[]): AsyncGenerator<Tag> {
  for (const entry of entries) {
    const { tag } = imageOf(entry);
    if (tag !== undefined) yield tag;
  }
}

function imageOf({ names, descriptor }: LayoutEntry): NamedImage {
  const name = names.at(-1) ?? "";
  // "team/app@sha256:…" has none.
  const tag = name.includes("@") ? undefined : parseTag(name.slice(name.lastIndexOf(":") + 1));
  return { digest: descriptor.digest, tag };
}

function invalid(message: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", { message });
}
