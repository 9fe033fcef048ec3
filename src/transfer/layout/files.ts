// The files of a layout, in a directory or in an archive.
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Content, contentOf } from "../../lib/content.ts";
import { errorCode } from "../../lib/system-error.ts";
import { type Digest, digestAlgorithm, digestHex } from "../../oci/digest.ts";

/** Files by their paths, which are those of the spec. */
export interface LayoutFiles {
  /** For messages. */
  readonly label: string;
  /** The file, to be read; undefined if there is none. */
  open(path: string): Promise<Content | undefined>;
}

/** Where the spec says that a blob lies. */
export function blobPath(digest: Digest): string {
  return `blobs/${digestAlgorithm(digest)}/${digestHex(digest)}`;
}

/** The files of a directory. */
export function directoryFiles(directory: string, label: string): LayoutFiles {
  return {
    label,
    open: async (path) => {
      const file = join(directory, path);
      const sizeBytes = await regularSize(file);
      return sizeBytes === undefined ? undefined : contentOf(Bun.file(file), sizeBytes);
    },
  };
}

/** The size of a regular file; undefined for anything else. A pipe or a device would hold a reader up for ever. */
export async function regularSize(path: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw error;
  }
}

/** A whole small file; undefined if there is none. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
