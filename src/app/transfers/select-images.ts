// Which images a copy means, repository by repository.
import { compileNameGlob } from "../../lib/name-glob.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import { parseTag, type Reference, type Tag } from "../../oci/reference.ts";
import type { CopyOrigin } from "../../transfer/operands.ts";
import type { SourcePlace } from "../../transfer/place.ts";
import { isGlob } from "../../transfer/reference.ts";
import { openArchiveSource } from "./archives.ts";
import { listRepositoryNames, type RepositoryPlaces, repositorySource } from "./places.ts";

/** An image of a selection. */
export interface SelectedImage {
  readonly reference: Reference;
  /** What it is called; undefined as it was named by its digest, or has no name. */
  readonly tag: Tag | undefined;
}

/** The images of one source. */
export interface Selection {
  readonly source: SourcePlace;
  /** Undefined for an archive. */
  readonly name: RepositoryName | undefined;
  readonly images: readonly SelectedImage[];
}

/** Finds them. */
export async function* selectImages(origin: CopyOrigin, places: RepositoryPlaces): AsyncGenerator<Selection> {
  if (origin.kind === "archive") yield await selectFromArchive(origin.archive);
  else {
    for await (const name of namesOf(origin, places)) {
      const source = await repositorySource(places, origin.host, name);
      yield { source, name, images: await imagesOf(source, origin) };
    }
  }
}

async function selectFromArchive(archive: Extract<CopyOrigin, { kind: "archive" }>["archive"]): Promise<Selection> {
  const source = await openArchiveSource(archive);
  const { digest, tag } = archive;
  if (digest !== undefined) return { source, name: undefined, images: [byDigest(digest)] };
  if (tag !== undefined && isGlob(tag)) {
    return { source, name: undefined, images: await taggedImages(source, tag) };
  }
  const found = tag === undefined ? source.only() : source.named(tag);
  return { source, name: undefined, images: [{ ...byDigest(found.digest), tag: found.tag }] };
}

async function* namesOf(
  { host, names }: Extract<CopyOrigin, { kind: "repositories" }>,
  places: RepositoryPlaces,
): AsyncGenerator<RepositoryName> {
  const only = parseRepositoryName(names);
  if (only !== undefined) yield only;
  else {
    const glob = compileNameGlob(names);
    for await (const name of listRepositoryNames(places, host)) if (glob.match(name)) yield name;
  }
}

async function imagesOf(
  source: SourcePlace,
  { tags, digest }: Extract<CopyOrigin, { kind: "repositories" }>,
): Promise<readonly SelectedImage[]> {
  if (digest !== undefined) return [byDigest(digest)];
  const only = parseTag(tags);
  return only === undefined ? await taggedImages(source, tags) : [{ reference: { kind: "tag", tag: only }, tag: only }];
}

async function taggedImages(source: SourcePlace, pattern: string): Promise<readonly SelectedImage[]> {
  const glob = compileNameGlob(pattern);
  const images: SelectedImage[] = [];
  for await (const tag of source.tags()) {
    if (glob.match(tag)) images.push({ reference: { kind: "tag", tag }, tag });
  }
  return images;
}

function byDigest(digest: Extract<Reference, { kind: "digest" }>["digest"]): SelectedImage {
  return { reference: { kind: "digest", digest }, tag: undefined };
}
