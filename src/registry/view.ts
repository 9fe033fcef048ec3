// A store as seen by a walk over everything below a prefix: if it can be listed at once, whatever the listing shows costs no
// further request. It is a snapshot of when the walk began, so removers check again.
import { inTurns } from "../lib/pacer.ts";
import { sortByInTurns } from "../lib/sorted.ts";

import type { ListedKey } from "../storage/listings.ts";
import type { Key } from "../storage/ports.ts";
import { type KeyListing, ListedObjects } from "./listed-objects.ts";
import type { Store } from "./store.ts";

/** The store with what lies below the prefix now. A directory is its own view. */
export async function viewOf(store: Store, prefix: Key): Promise<Store> {
  if (store.listings === undefined) return store;
  const listed: ListedKey[] = [];
  for await (const page of store.listings.scan(prefix)) for await (const each of inTurns(page)) listed.push(each);
  return await viewOfListing(store, { prefix, listed });
}

/** Whether something may lie there that no object shows, such as an empty directory. */
export function hasDirectories({ listings }: Pick<Store, "listings">): boolean {
  return listings === undefined;
}

/** How many small objects a walk reads at once if each is a request; on a disk there is nothing to wait for. */
export function readsAtOnce({ listings }: Pick<Store, "listings">): number {
  return listings === undefined ? 1 : 16;
}

/** The store with what was listed. */
export async function viewOfListing(store: Store, { prefix, listed }: KeyListing): Promise<Store> {
  return { ...store, objects: new ListedObjects(store.objects, { prefix, listed: await inOrder(listed) }) };
}

/** Listings are in the order of bytes, which differs from that of texts for what is no key of ours. */
async function inOrder(listed: readonly ListedKey[]): Promise<readonly ListedKey[]> {
  let previous = "";
  for await (const { key } of inTurns(listed)) {
    if (key < previous) return await sortByInTurns(listed, (one, other) => (one.key < other.key ? -1 : 1));
    previous = key;
  }
  return listed;
}
