// The images of an archive, each into the repository that its name says.
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Digest } from "../../oci/digest.ts";
import { RegistryError } from "../../oci/errors.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import { parseTag, type Reference } from "../../oci/reference.ts";
import { openDockerSource } from "../../transfer/archive/docker-source.ts";
import { openTarFiles } from "../../transfer/archive/tar-files.ts";
import { type CopyRun, ImageCopier } from "../../transfer/copy.ts";
import { directoryFiles } from "../../transfer/layout/files.ts";
import type { LayoutEntry } from "../../transfer/layout/index-file.ts";
import { type LayoutSource, openLayoutSource } from "../../transfer/layout/source.ts";
import { type ImageReference, parseImageReference } from "../../transfer/reference.ts";
import { type RepositoryPlaces, repositoryDestination } from "./places.ts";

/** An import that was asked for. */
export interface ImportRequest {
  readonly file: string;
  /** Where names go below; undefined: the store, under the names of the archive. */
  readonly to: Exclude<ImageReference, { readonly path: string }> | undefined;
  readonly run: CopyRun;
  readonly onImported: (image: { readonly name: string; readonly to: string; readonly digest: Digest }) => void;
  /** Called for an image without a name, which nothing that was imported refers to. */
  readonly onNameless: (digest: Digest) => void;
}

/** Imports them all; returns how many there were. */
export async function importImages(request: ImportRequest, places: RepositoryPlaces): Promise<number> {
  const source = await openAnyArchive(request.file);
  const imported = new Set<Digest>();
  const named = source.entries.filter(({ names }) => names.length > 0);
  for (const entry of named) await importEntry(entry, { request, places, source, imported });
  const referrers = await source.allReferrers();
  for (const entry of source.entries) {
    if (entry.names.length > 0 || referrers.has(entry.descriptor.digest)) continue;
    if (request.to !== undefined) await importEntry(entry, { request, places, source, imported });
    else request.onNameless(entry.descriptor.digest);
  }
  return imported.size;
}

/** A layout in a directory or a tar, or what `docker save` wrote. */
async function openAnyArchive(path: string): Promise<LayoutSource> {
  const found = statSync(resolve(path), { throwIfNoEntry: false });
  if (found === undefined) throw new RegistryError("NAME_UNKNOWN", { message: `there is no file ${path}` });
  if (found.isDirectory()) return await openLayoutSource(directoryFiles(resolve(path), path));
  if (!found.isFile()) {
    throw new RegistryError("UNSUPPORTED", { message: `${path} is no file; an import has to go back and forth in it` });
  }
  const files = await openTarFiles(resolve(path), path);
  const isLayout = (await files.open("oci-layout")) !== undefined;
  return isLayout ? await openLayoutSource(files) : await openDockerSource(files);
}

interface ImportStep {
  readonly request: ImportRequest;
  readonly places: RepositoryPlaces;
  readonly source: LayoutSource;
  readonly imported: Set<Digest>;
}

async function importEntry({ descriptor, names }: LayoutEntry, step: ImportStep): Promise<void> {
  const { request, places, source, imported } = step;
  const { digest } = descriptor;
  const name = names[0] ?? digest;
  const { repository, reference } = placeOf(names.length === 0 ? `@${digest}` : name, request);
  const host = request.to?.kind === "registry" ? request.to.host : undefined;
  const place = await repositoryDestination(places, host, repository);
  const tags = reference?.kind === "tag" ? [reference.tag] : [];
  const copier = new ImageCopier(source, place, request.run);
  await copier.copy({ reference: { kind: "digest", digest }, tags, platform: undefined, withReferrers: true });
  imported.add(digest);
  request.onImported({ name, to: place.label, digest });
}

/** The repository and the tag that the name of an entry means; its registry does not count. */
function placeOf(
  name: string,
  { to, file }: ImportRequest,
): { readonly repository: RepositoryName; readonly reference: Reference | undefined } {
  const tag = parseTag(name);
  if (tag !== undefined || name.startsWith("@")) {
    if (to !== undefined)
      return { repository: to.name, reference: tag === undefined ? undefined : { kind: "tag", tag } };
    throw new RegistryError("NAME_INVALID", {
      message: `${file} says no repository for ${name}; say one: registry import ${file} REPOSITORY`,
    });
  }
  const parsed = parseImageReference(name);
  const value = "value" in parsed && !("path" in parsed.value) ? parsed.value : undefined;
  const repository = value && parseRepositoryName(to === undefined ? value.name : `${to.name}/${value.name}`);
  if (value !== undefined && repository !== undefined) return { repository, reference: value.reference };
  throw new RegistryError("NAME_INVALID", {
    message: `${file} has an image called ${JSON.stringify(name.slice(0, 100))}, which is no name of an image here`,
  });
}
