// The two ends of a copy. A repository of a store, a repository of another registry, a layout and an archive each make
// one or both of them. Whatever comes from a source is a stranger's: whoever takes it verifies it.
import type { Descriptor } from "../oci/descriptor.ts";
import type { Digest } from "../oci/digest.ts";
import type { RepositoryName } from "../oci/name.ts";
import type { Reference, Tag } from "../oci/reference.ts";

/** A manifest with its bytes, which hash to its digest. */
export interface WholeManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** The registry that a repository belongs to: blobs are mounted, rather than sent, between two of the same. */
export interface Home {
  readonly registry: string;
  readonly name: RepositoryName;
}

/** Which bytes of a blob are wanted. */
export interface BlobReading {
  /** Where to begin. */
  readonly offset: number;
  readonly signal: AbortSignal;
}

/** Reads a blob from an offset on; nothing is verified yet. */
export type ReadBlob = (reading: BlobReading) => AsyncIterable<Uint8Array>;

/** Where images come from. */
export interface SourcePlace {
  /** For messages. */
  readonly label: string;
  /** Undefined where nothing can be mounted from. */
  readonly home: Home | undefined;
  /** The manifest of this reference, verified; undefined if there is none. */
  manifest(reference: Reference): Promise<WholeManifest | undefined>;
  /** The blob's bytes; throws BLOB_UNKNOWN if there is none. */
  readBlob(blob: Descriptor, reading: BlobReading): AsyncIterable<Uint8Array>;
  /** The manifests that name this one as their subject. */
  referrers(subject: Digest): AsyncIterable<Digest>;
  /** All tags. */
  tags(): AsyncIterable<Tag>;
  /** What a tag points to, without its manifest if that is possible: registries count those. */
  tagged(tag: Tag): Promise<Digest | undefined>;
}

/** How a blob is to be stored. */
export interface BlobArrival {
  readonly read: ReadBlob;
  readonly signal: AbortSignal;
  /** Called with the bytes that were there from an earlier attempt. */
  readonly onResumed: (sizeBytes: number) => void;
}

/** What a manifest is to be at the destination. */
export interface ManifestRole {
  readonly tags: readonly Tag[];
  /** Whether it stands for itself: it was asked for, or is a referrer, and not a child of an index. */
  readonly isRoot: boolean;
}

/** Where images go. */
export interface DestinationPlace {
  /** For messages. */
  readonly label: string;
  readonly home: Home | undefined;
  /** Whether a manifest that is there proves that everything it names is there too. */
  readonly isComplete: boolean;
  hasBlob(blob: Descriptor): Promise<boolean>;
  /** Takes the blob over from another repository of the same registry; false where it has to be sent. */
  mountBlob(blob: Descriptor, from: RepositoryName): Promise<boolean>;
  /** Stores the blob; what is not what the descriptor says is refused, and never becomes visible. */
  putBlob(blob: Descriptor, arrival: BlobArrival): Promise<void>;
  /** Whether it is there; a root, and a referrer of a subject, also has to be listed, where the place lists them. */
  hasManifest(
    digest: Digest,
    role: { readonly isRoot: boolean; readonly subject: Digest | undefined },
  ): Promise<boolean>;
  /** What the tag points to. */
  tagged(tag: Tag): Promise<Digest | undefined>;
  /** Stores the manifest and points the tags to it. */
  putManifest(manifest: WholeManifest, role: ManifestRole): Promise<void>;
  /** Called once, when everything has been copied. */
  finish(): Promise<void>;
  /** Called in the end: removes what was not finished and cannot be resumed. */
  abandon(): Promise<void>;
}
