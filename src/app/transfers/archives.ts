// Layouts and archives by their references.
import { resolve } from "node:path";
import { RegistryError } from "../../oci/errors.ts";
import { parseTag, type Tag } from "../../oci/reference.ts";
import { openLayoutDestination } from "../../transfer/layout/destination.ts";
import { directoryFiles } from "../../transfer/layout/files.ts";
import { type LayoutSource, openLayoutSource } from "../../transfer/layout/source.ts";
import type { DestinationPlace } from "../../transfer/place.ts";
import type { ArchiveReference } from "../../transfer/reference.ts";

/** Opens it to be read. */
export async function openArchiveSource({ kind, path }: ArchiveReference): Promise<LayoutSource> {
  requireLayout(kind);
  return await openLayoutSource(directoryFiles(resolve(path), `${kind}:${path}`));
}

/** A destination, and what images are called there. */
export interface NamedDestination {
  readonly place: DestinationPlace;
  /** To be given to the image; the place makes of it what the user wrote. */
  readonly tag: Tag | undefined;
}

/** Opens it to be written. */
export async function openArchiveDestination({ kind, path, tag }: ArchiveReference): Promise<NamedDestination> {
  requireLayout(kind);
  const asTag = tag === undefined ? undefined : parseTag(tag);
  // A name that is no tag, such as "team/app:v1", stands in for the only tag that the copy gives.
  const nameOf = (given: Tag): string => (tag === undefined || asTag !== undefined ? given : tag);
  const place = await openLayoutDestination(resolve(path), { label: `${kind}:${path}`, nameOf });
  return { place, tag: asTag ?? (tag === undefined ? undefined : parseTag("latest")) };
}

function requireLayout(kind: ArchiveReference["kind"]): void {
  if (kind !== "oci") throw new RegistryError("UNSUPPORTED", { message: `${kind}: is not supported; use oci:DIR` });
}
