// The files of a layout in a tar archive.
import { contentOf } from "../../lib/content.ts";
import type { LayoutFiles } from "../layout/files.ts";
import { findInTar, indexTar } from "./tar-index.ts";

/** Indexes the archive. */
export async function openTarFiles(path: string, label: string): Promise<LayoutFiles> {
  const index = await indexTar(path, label);
  return {
    label,
    open: async (name) => {
      const place = findInTar(index, name);
      if (place === undefined) return undefined;
      const { offset, sizeBytes } = place;
      return contentOf(Bun.file(path).slice(offset, offset + sizeBytes), sizeBytes);
    },
  };
}
