// Layouts and archives, as `ls` and `inspect` look at them.
import { openArchiveSource } from "../../app/transfers/archives.ts";
import { type Digest, digestAlgorithm } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { hashBytes } from "../../oci/hash.ts";
import { describeImage, type ImageReader } from "../../transfer/describe-image.ts";
import type { LayoutSource } from "../../transfer/layout/source.ts";
import type { ArchiveReference } from "../../transfer/reference.ts";
import { CommandError } from "../command.ts";
import type { ListedReferrer, ListedTag } from "./source.ts";

/** An image of an archive in a list. */
export interface ArchivedImage extends Omit<ListedTag, "name" | "tag"> {
  /** Most telling first; a digest stands for an image without a name. */
  readonly names: readonly string[];
}

/** A layout or an archive. */
export interface ArchiveSource {
  readonly reader: ImageReader;
  images(): AsyncIterable<ArchivedImage>;
  /** The image of that name, or the only one; throws if there is none, or several. */
  find(name: string | undefined): Digest;
  referrers(digest: Digest): AsyncIterable<ListedReferrer>;
}

/** Works on an archive; what is wrong with it is one line. */
export async function withArchive<T>(
  reference: ArchiveReference,
  work: (source: ArchiveSource) => Promise<T>,
): Promise<T> {
  try {
    return await work(describeSource(await openArchiveSource(reference)));
  } catch (error) {
    throw error instanceof RegistryError ? new CommandError(error.message) : error;
  }
}

function describeSource(source: LayoutSource): ArchiveSource {
  const reader = readerOf(source);
  return {
    reader,
    find: (name) => (name === undefined ? source.only() : source.named(name)).digest,
    images: async function* () {
      for (const { descriptor, names } of source.entries) {
        const { digest } = descriptor;
        const read = await reader.manifest({ kind: "digest", digest });
        const named = { names: names.length === 0 ? [digest] : names, digest };
        const nothing = {
          mediaType: descriptor.mediaType,
          artifactType: undefined,
          sizeBytes: undefined,
          platforms: [],
        };
        if (read === undefined) yield { ...named, ...nothing, timeMs: undefined, problem: "its manifest is not there" };
        else {
          const { mediaType, artifactType, sizeBytes, platforms, createdMs, problem } = await describeImage(
            reader,
            read,
          );
          yield { ...named, mediaType, artifactType, sizeBytes, platforms, timeMs: createdMs, problem };
        }
      }
    },
    referrers: async function* (subject) {
      for await (const digest of source.referrers(subject)) {
        const read = await reader.manifest({ kind: "digest", digest });
        if (read === undefined) continue;
        const { mediaType, artifactType, annotations } = await describeImage(reader, read);
        yield { digest, mediaType, artifactType, sizeBytes: read.bytes.length, annotations };
      }
    },
  };
}

function readerOf(source: LayoutSource): ImageReader {
  return {
    manifest: async (reference) => {
      const read = await source.manifest(reference);
      return read === undefined ? undefined : { bytes: read.bytes, digest: read.digest, contentType: read.mediaType };
    },
    blob: (digest, maxBytes) => readSmallBlob(source, digest, maxBytes),
  };
}

/** Undefined for one that is not there, too large, or not what its digest says. */
async function readSmallBlob(source: LayoutSource, digest: Digest, maxBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const blob = { digest, sizeBytes: maxBytes, mediaType: "", urls: [], platform: undefined };
  const { signal } = new AbortController();
  try {
    for await (const chunk of source.readBlob(blob, { offset: 0, signal })) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) return undefined;
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
  const bytes = Buffer.concat(chunks);
  return hashBytes(bytes, digestAlgorithm(digest)) === digest ? bytes : undefined;
}
