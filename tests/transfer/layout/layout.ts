// Layouts of the tests.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { openLayoutDestination } from "../../../src/transfer/layout/destination.ts";
import { directoryFiles } from "../../../src/transfer/layout/files.ts";
import { type LayoutSource, openLayoutSource } from "../../../src/transfer/layout/source.ts";
import type { DestinationPlace } from "../../../src/transfer/place.ts";

/** The layout of a directory, to be written. */
export function layoutAt(directory: string, nameOf: (tag: string) => string = (tag) => tag): Promise<DestinationPlace> {
  return openLayoutDestination(resolve(directory), { label: "oci:layout", nameOf });
}

/** The same, to be read. */
export function readLayout(directory: string): Promise<LayoutSource> {
  return openLayoutSource(directoryFiles(resolve(directory), "oci:layout"));
}

/** What is in index.json. */
export function indexOf(directory: string): { readonly manifests: readonly Record<string, unknown>[] } {
  return JSON.parse(readFileSync(join(directory, "index.json"), "utf8"));
}
