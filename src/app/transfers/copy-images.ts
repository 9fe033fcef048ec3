// Copies a selection of images, each to the place that the target means for it.

import { forEachAtOnce } from "../../lib/at-once.ts";
import { RegistryError } from "../../oci/errors.ts";
import { parseRepositoryName, type RepositoryName } from "../../oci/name.ts";
import { formatReference, type Tag } from "../../oci/reference.ts";
import { sweepArrivals } from "../../registry/arrival.ts";
import { type CopyRun, ImageCopier, type ImageCopy } from "../../transfer/copy.ts";
import type { CopyOrigin } from "../../transfer/operands.ts";
import type { DestinationPlace } from "../../transfer/place.ts";
import { type ImageReference, isGlob } from "../../transfer/reference.ts";
import { openArchiveDestination } from "./archives.ts";
import { type RepositoryPlaces, repositoryDestination } from "./places.ts";
import { type Selection, selectImages } from "./select-images.ts";

/** A copy that was asked for. */
export interface CopyRequest extends Pick<ImageCopy, "platform" | "withReferrers"> {
  readonly from: CopyOrigin;
  readonly to: ImageReference;
  readonly run: CopyRun;
  /** Called for each image that is in its place. */
  readonly onCopied: (image: { readonly from: string; readonly to: string; readonly digest: string }) => void;
}

/** Half a blob that has not been resumed for this long is removed. */
export const arrivalAgeMs = 7 * 24 * 3_600_000;
/** How many images are copied at once. */
const imagesAtOnce = 2;

/** Copies them all; returns how many there were. The first failure ends it. */
export async function copyImages(request: CopyRequest, places: RepositoryPlaces): Promise<number> {
  const { from, to } = request;
  if (to.kind === "store" && places.store !== undefined) await sweepArrivals(places.store.store, arrivalAgeMs);
  const archive = "path" in to ? await openArchiveDestination(to) : undefined;
  try {
    let count = 0;
    for await (const selection of selectImages(from, places)) {
      const place = archive?.place ?? (await destinationOf(selection, request, places));
      const given = archive === undefined ? tagOf(to) : archive.tag;
      count += selection.images.length;
      await copySelection(selection, { request, place, given });
    }
    if (count > 0) await archive?.place.finish();
    return count;
  } finally {
    await archive?.place.abandon();
  }
}

interface Target {
  readonly request: CopyRequest;
  readonly place: DestinationPlace;
  /** What the user wants it to be called. */
  readonly given: Tag | undefined;
}

async function copySelection({ source, images }: Selection, { request, place, given }: Target): Promise<void> {
  const { to, run, platform, withReferrers, onCopied } = request;
  const copier = new ImageCopier(source, place, run);
  await forEachAtOnce(images, imagesAtOnce, async ({ reference, tag }) => {
    const named = given ?? tag;
    const tags = named === undefined ? [] : [named];
    const digest = await copier.copy({ reference, tags, platform, withReferrers });
    const called = ("path" in to ? to.tag : undefined) ?? named;
    const separator = reference.kind === "tag" ? ":" : "@";
    onCopied({
      from: `${source.label}${separator}${formatReference(reference)}`,
      to: called === undefined ? place.label : `${place.label}:${called}`,
      digest,
    });
  });
}

function tagOf(to: ImageReference): Tag | undefined {
  return "path" in to || to.reference?.kind !== "tag" ? undefined : to.reference.tag;
}

/** A glob of repositories keeps their names, below the one that the target names. */
async function destinationOf(
  { name }: Selection,
  { from, to }: CopyRequest,
  places: RepositoryPlaces,
): Promise<DestinationPlace> {
  if ("path" in to) throw new TypeError("an archive is opened once");
  const isBelow = from.kind === "repositories" && isGlob(from.names);
  const wanted = isBelow ? parseRepositoryName(`${to.name}/${name}`) : to.name;
  if (wanted === undefined) {
    throw new RegistryError("NAME_INVALID", { message: `${to.name}/${name} is too long for a repository name` });
  }
  return await openRepository(wanted, to, places);
}

function openRepository(
  name: RepositoryName,
  to: Exclude<ImageReference, { readonly path: string }>,
  places: RepositoryPlaces,
) {
  return repositoryDestination(places, to.kind === "registry" ? to.host : undefined, name);
}
