// Layouts and archives by their references.
import { resolve } from "node:path";
import { parseTag, type Tag } from "../../oci/reference.ts";
import { ArchiveWriter } from "../../transfer/archive/archive-destination.ts";
import { openArchiveFile } from "../../transfer/archive/archive-file.ts";
import { openDockerSource } from "../../transfer/archive/docker-source.ts";
import { openTarFiles } from "../../transfer/archive/tar-files.ts";
import { openLayoutDestination } from "../../transfer/layout/destination.ts";
import { directoryFiles } from "../../transfer/layout/files.ts";
import { type LayoutSource, openLayoutSource } from "../../transfer/layout/source.ts";
import type { DestinationPlace } from "../../transfer/place.ts";
import type { ArchiveReference } from "../../transfer/reference.ts";

/** Opens it to be read. */
export async function openArchiveSource({ kind, path }: ArchiveReference): Promise<LayoutSource> {
  const label = `${kind}:${path}`;
  if (kind === "oci") return await openLayoutSource(directoryFiles(resolve(path), label));
  const files = await openTarFiles(resolve(path), label);
  return kind === "oci-archive" ? await openLayoutSource(files) : await openDockerSource(files);
}

/** A destination, and what images are called there. */
export interface NamedDestination {
  readonly place: DestinationPlace;
  /** To be given to the image; the place makes of it what the user wrote. */
  readonly tag: Tag | undefined;
}

/** Opens it to be written. */
export async function openArchiveDestination({ kind, path, tag }: ArchiveReference): Promise<NamedDestination> {
  const asTag = tag === undefined ? undefined : parseTag(tag);
  // A name that is no tag, such as "team/app:v1", stands in for the only tag that the copy gives.
  const nameOf = (given: Tag): string => (tag === undefined || asTag !== undefined ? given : tag);
  const named = asTag ?? (tag === undefined ? undefined : parseTag("latest"));
  const label = `${kind}:${path}`;
  if (kind === "oci") return { place: await openLayoutDestination(resolve(path), { label, nameOf }), tag: named };
  const writer = new ArchiveWriter(await openArchiveFile(resolve(path)), {
    label,
    isForDocker: kind === "docker-archive",
  });
  return { place: writer.destination(nameOf), tag: named };
}
