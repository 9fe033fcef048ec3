// How large blobs are, for who asks about all of them: a look at each, or one listing of all if the store gives that.
import type { Digest } from "../oci/digest.ts";
import { listBlobs } from "./blob-places.ts";
import { DigestSizes } from "./digest-sizes.ts";
import { blobKey } from "./layout.ts";
import type { Store } from "./store.ts";

/** The size of a blob; 0 if its bytes are gone. */
export type SizeOf = (digest: Digest) => Promise<number>;

/** Prepares for many questions. */
export async function openSizes(store: Store): Promise<SizeOf> {
  if (store.listings === undefined) {
    return async (digest) => (await store.objects.stat(blobKey(digest)))?.sizeBytes ?? 0;
  }
  const sizes = new DigestSizes();
  for await (const place of listBlobs(store)) {
    if ("unreadable" in place) throw new Error(`${place.unreadable} cannot be listed: ${place.reason}`);
    const stat = "digest" in place ? await place.seen.objects.stat(blobKey(place.digest)) : undefined;
    if (stat !== undefined && "digest" in place) sizes.set(place.digest, stat.sizeBytes);
  }
  return async (digest) => sizes.get(digest) ?? 0;
}
