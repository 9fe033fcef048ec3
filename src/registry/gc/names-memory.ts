// What manifests name, remembered: it follows from their digest. For stores on which reading one again is a request; on a disk it
// is read each time, since bits may flip there.
import { BoundedMap } from "../../lib/bounded-map.ts";
import type { Digest } from "../../oci/digest.ts";
import type { StoredNames } from "../../oci/stored-names.ts";
import type { Listings } from "../../storage/listings.ts";

/** Digests that are named, of all manifests that are remembered. */
const maxNamed = 200_000;

/** One for each store. */
const memories = new WeakMap<Listings, BoundedMap<Digest, StoredNames>>();

/** What the manifest names: as it was remembered, or as it is read now. */
export async function rememberNames(
  listings: Listings | undefined,
  digest: Digest,
  read: () => Promise<StoredNames | undefined>,
): Promise<StoredNames | undefined> {
  if (listings === undefined) return await read();
  const memory = memories.get(listings) ?? new BoundedMap(maxNamed, ({ named }) => named.size + 1);
  memories.set(listings, memory);
  const known = memory.get(digest) ?? (await read());
  // Set again, since what was asked for last is to stay.
  if (known !== undefined) memory.set(digest, known);
  return known;
}
