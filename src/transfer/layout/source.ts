// A layout as a source: index.json says what there is, and everything else lies under its digest.
import { type Content, readContent } from "../../lib/content.ts";
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
  /** The manifests that name another one as their subject. */
  allReferrers(): Promise<ReadonlySet<Digest>>;
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

/** Where the content of entries comes from. */
export interface EntryContent {
  /** For messages. */
  readonly label: string;
  /** Verified; undefined if there is none. */
  readonly readManifest: (digest: Digest) => Promise<WholeManifest | undefined>;
  readonly openBlob: (digest: Digest) => Promise<Content | undefined>;
}

/** Opens the layout that the files are; throws a refusal that says what is wrong with it. */
export async function openLayoutSource(files: LayoutFiles): Promise<LayoutSource> {
  const { label } = files;
  return sourceOfEntries(layoutEntries(readLayoutIndex(await readIndexJson(files), label)), {
    label,
    readManifest: (digest) => readLayoutManifest(files, digest),
    openBlob: (digest) => files.open(blobPath(digest)),
  });
}

/** The source that has these images. */
export function sourceOfEntries(entries: readonly LayoutEntry[], content: EntryContent): LayoutSource {
  const { label, readManifest } = content;
  let subjects: Promise<ReadonlyMap<Digest, readonly Digest[]>> | undefined;
  const bySubject = () => {
    subjects ??= groupBySubject(entries, readManifest);
    return subjects;
  };
  return {
    label,
    home: undefined,
    entries,
    allReferrers: async () => new Set([...(await bySubject()).values()].flat()),
    only: () => imageOf(onlyLayoutEntry(entries, label)),
    named: (name) => {
      const entry = findLayoutEntry(entries, name, label);
      if (entry !== undefined) return imageOf(entry);
      throw new RegistryError("MANIFEST_UNKNOWN", { message: `${label} has no image called ${name}` });
    },
    manifest: async (reference) => {
      const digest = resolve(entries, reference, label);
      return digest === undefined ? undefined : await readManifest(digest);
    },
    readBlob: (blob, { offset }) => readEntryBlob(content, blob, offset),
    referrers: async function* (subject) {
      yield* (await bySubject()).get(subject) ?? [];
    },
    tags: () => listNames(entries),
    tagged: async (tag) => findLayoutEntry(entries, tag, label)?.descriptor.digest,
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

async function* readEntryBlob(
  { label, openBlob }: EntryContent,
  { digest }: Descriptor,
  offset: number,
): AsyncGenerator<Uint8Array> {
  const content = await openBlob(digest);
  if (content === undefined) throw new RegistryError("BLOB_UNKNOWN", { message: `${label} has no blob ${digest}` });
  yield* content.slice(offset, content.sizeBytes).stream();
}

/** The referrers of each subject. Other tools write them into index.json too, without a name. */
async function groupBySubject(
  entries: readonly LayoutEntry[],
  read: (digest: Digest) => Promise<WholeManifest | undefined>,
): Promise<ReadonlyMap<Digest, readonly Digest[]>> {
  const subjects = new Map<Digest, Digest[]>();
  for (const { descriptor } of entries) {
    const manifest = isManifestType(descriptor.mediaType) ? await read(descriptor.digest) : undefined;
    const parsed = manifest && (await parseManifestInTurns(manifest.bytes, manifest.mediaType));
    const subject = parsed !== undefined && "manifest" in parsed ? parsed.manifest.subject?.digest : undefined;
    if (subject !== undefined) subjects.set(subject, [...(subjects.get(subject) ?? []), descriptor.digest]);
  }
  return subjects;
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
