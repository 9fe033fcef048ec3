// Everything that images need, in one archive.
import type { Digest } from "../../oci/digest.ts";
import { formatReference, parseTag, type Tag } from "../../oci/reference.ts";
import type { ArchiveWriter } from "../../transfer/archive/archive-destination.ts";
import { type CopyRun, ImageCopier, type ImageCopy } from "../../transfer/copy.ts";
import type { CopyOrigin } from "../../transfer/operands.ts";
import type { RepositoryPlaces } from "./places.ts";
import { type SelectedImage, type Selection, selectImages } from "./select-images.ts";

/** An export that was asked for. */
export interface ExportRequest extends Pick<ImageCopy, "platform" | "withReferrers"> {
  readonly from: readonly CopyOrigin[];
  readonly writer: ArchiveWriter;
  readonly run: CopyRun;
  /** Called for each image that is in the archive. */
  readonly onExported: (image: { readonly name: string; readonly digest: Digest }) => void;
}

/** Any tag: the name in the archive is the whole reference. */
const standIn = parseTag("latest");

/** Writes them; returns how many there were. The archive is not finished yet. */
export async function exportImages(request: ExportRequest, places: RepositoryPlaces): Promise<number> {
  let count = 0;
  for (const from of request.from) {
    for await (const selection of selectImages(from, places)) {
      for (const image of selection.images) {
        await exportImage(selection, image, request);
        count += 1;
      }
    }
  }
  return count;
}

async function exportImage(selection: Selection, image: SelectedImage, request: ExportRequest): Promise<void> {
  const { writer, run, platform, withReferrers, onExported } = request;
  const name = nameInArchive(selection, image);
  const copier = new ImageCopier(
    selection.source,
    writer.destination(() => name),
    run,
  );
  const tags: readonly Tag[] = standIn === undefined ? [] : [standIn];
  onExported({ name, digest: await copier.copy({ reference: image.reference, tags, platform, withReferrers }) });
}

/** The whole reference, so that an import knows the repository. */
function nameInArchive({ source, name }: Selection, { reference, tag }: SelectedImage): string {
  // An archive's images keep the names that they have there.
  if (name === undefined) return tag ?? formatReference(reference);
  return reference.kind === "tag" ? `${source.label}:${reference.tag}` : `${source.label}@${reference.digest}`;
}
