// The files of the web page, which the build puts into the executable.
import { openPageFiles, type PackedFile, type PageFiles } from "../../http/page-files.ts";

// Stamped in by build.ts; absent when the sources run as they are.
declare const BUILD_PAGE: readonly PackedFile[] | undefined;

/** The files that were built in; undefined if there are none. */
export function builtPageFiles(
  packed = typeof BUILD_PAGE === "undefined" ? undefined : BUILD_PAGE,
): PageFiles | undefined {
  return packed === undefined ? undefined : openPageFiles(packed);
}
