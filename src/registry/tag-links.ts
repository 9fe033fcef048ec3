// The links of a repository's tags, of a store that can be listed at once: a page of the listing replaces a look at each tag.
import { inTurns } from "../lib/pacer.ts";
import type { RepositoryName } from "../oci/name.ts";
import { parseTag, type Tag } from "../oci/reference.ts";
import type { Listings } from "../storage/listings.ts";
import type { Stat } from "../storage/ports.ts";
import { tagCurrentLink, tagsPrefix } from "./layout.ts";

/** A tag, and what is known of its link. */
export interface TagLink {
  readonly tag: Tag;
  readonly stat: Stat;
}

/** Every tag, in the order of the keys. An empty link is what a removed tag leaves, and what else lies there is none. */
export async function* listTagLinks(listings: Listings, name: RepositoryName): AsyncGenerator<TagLink> {
  const prefix = tagsPrefix(name);
  for await (const page of listings.scan(prefix)) {
    for await (const { key, stat } of inTurns(page)) {
      const tag =
        stat.sizeBytes === 0 ? undefined : parseTag(key.slice(prefix.length + 1, key.indexOf("/", prefix.length + 1)));
      if (tag !== undefined && key === tagCurrentLink(name, tag)) yield { tag, stat };
    }
  }
}
