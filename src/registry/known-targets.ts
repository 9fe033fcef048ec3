// Which manifest a link leads to, told by its identity alone: so none of many links has to be read for it.
import { stepAside } from "../lib/pacer.ts";
import type { Digest } from "../oci/digest.ts";
import type { Listings } from "../storage/listings.ts";

/**
 * The digests by the identity of a link that holds one; empty if identities tell nothing. A link whose identity is not among
 * them has to be read: another program may have stored it in a way in which it has another one.
 */
export async function knownTargets(
  listings: Pick<Listings, "identityOf"> | undefined,
  digests: Iterable<Digest> | AsyncIterable<Digest>,
): Promise<ReadonlyMap<string, Digest>> {
  const known = new Map<string, Digest>();
  if (listings === undefined) return known;
  for await (const digest of digests) {
    await stepAside();
    const identity = listings.identityOf(new TextEncoder().encode(digest));
    if (identity !== undefined) known.set(identity, digest);
  }
  return known;
}
