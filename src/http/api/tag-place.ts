// The place of a tag in a sorted listing, as the query parameter `last` writes it: the tag, or its value, "/" and the tag.
import { parseTag } from "../../oci/reference.ts";
import type { TagPlace } from "../../registry/reading/tag-listing.ts";

/** Writes it. */
export function formatTagPlace({ tag, value }: TagPlace): string {
  return value === 0 ? tag : `${value}/${tag}`;
}

/** Reads it; undefined if it is none. */
export function parseTagPlace(text: string): TagPlace | undefined {
  const slash = text.indexOf("/");
  const tag = parseTag(text.slice(slash + 1));
  const value = slash === -1 ? 0 : Number(text.slice(0, slash));
  const isValue = slash === -1 || /^\d{1,16}(?:\.\d{1,16})?$/.test(text.slice(0, slash));
  return tag === undefined || !isValue ? undefined : { tag, value };
}
