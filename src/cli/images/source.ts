// Where images are looked at: the store of this machine, or a registry over its API.
import type { Digest } from "../../oci/digest.ts";
import type { RepositoryName } from "../../oci/name.ts";
import type { Tag } from "../../oci/reference.ts";
import type { ImageReader } from "../../transfer/describe-image.ts";
import { formatStoreName } from "../../transfer/reference.ts";

/** A repository in a list. What a registry does not tell is undefined. */
export interface ListedRepository {
  readonly name: RepositoryName;
  readonly tags: number | undefined;
  readonly sizeBytes: number | undefined;
  readonly pushedMs: number | undefined;
  /** The registry that it is a cache of. */
  readonly upstream: string | undefined;
  readonly problem: string | undefined;
}

/** A tag in a list. What was not asked for, or is not known, is undefined. */
export interface ListedTag {
  readonly name: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest | undefined;
  readonly mediaType: string | undefined;
  readonly artifactType: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly platforms: readonly string[];
  /** Pushed into this store; for a registry, when the image was made. */
  readonly timeMs: number | undefined;
  readonly problem: string | undefined;
}

/** Something that refers to an image. */
export interface ListedReferrer {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly sizeBytes: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** How tags are listed. */
export interface TagListing {
  readonly matches: (tag: Tag) => boolean;
  /** Whether the images are looked at too. */
  readonly isLong: boolean;
}

/** A place with images. */
export interface ImageSource {
  /** Undefined for the store. */
  readonly host: string | undefined;
  /** Whether a time is that of a push, or that of the making of the image. */
  readonly timeIs: "pushed" | "created";
  /** With `isLong`, with everything that is known of them. */
  repositories(
    matches: (name: string) => boolean,
    listing: { readonly isLong: boolean },
  ): AsyncIterable<ListedRepository>;
  /** None if there is no such repository. */
  tags(name: RepositoryName, listing: TagListing): AsyncIterable<ListedTag>;
  reader(name: RepositoryName): ImageReader;
  referrers(name: RepositoryName, digest: Digest): AsyncIterable<ListedReferrer>;
}

/** How people write an image of a place. */
export function formatImageName(host: string | undefined, name: string, reference = ""): string {
  const separator = reference === "" ? "" : reference.includes(":") ? "@" : ":";
  return `${host === undefined ? formatStoreName(name) : `${host}/${name}`}${separator}${reference}`;
}
