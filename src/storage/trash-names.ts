// Names in the trash: where a content lies that was condemned, and what an entry is.
//
//   <shared place>/blobs/<algorithm>/<hh>/<hex>/data       a content
//   blobs/<algorithm>/<hh>/<hex>.<anything>                its entries
import { sharedPlace } from "./places.ts";
import type { Key } from "./ports.ts";

const contentFile = "data";

/** The name of a content's entries, without what tells one from another. */
export function trashNameOf(content: Key): string {
  return content.slice(sharedPlace.length + 1, content.lastIndexOf("/"));
}

/** The content that an entry was; undefined for what is no entry. */
export function contentOfEntry(entry: string): Key | undefined {
  const end = entry.indexOf(".", entry.lastIndexOf("/"));
  return end === -1 ? undefined : `${sharedPlace}/${entry.slice(0, end)}/${contentFile}`;
}

/** Whether the entry has the mark of a collection. */
export function isTagged(entry: string, tag: string): boolean {
  const start = entry.indexOf(".", entry.lastIndexOf("/"));
  return start !== -1 && entry.startsWith(`${tag}-`, start + 1);
}
