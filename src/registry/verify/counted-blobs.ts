// How many blobs there are, and how large they are, before anything is read.
import type { Pace } from "../../lib/pacer.ts";
import { listBlobs } from "../blob-places.ts";
import { DigestSizes } from "../digest-sizes.ts";
import { blobKey } from "../layout.ts";
import type { Store } from "../store.ts";

/** What was counted. */
export interface CountedBlobs {
  readonly count: number;
  readonly bytes: number;
  /** Of each blob that could be listed, if the store lists all at once: elsewhere a look at one costs next to nothing. */
  readonly sizes: DigestSizes | undefined;
}

/** Counts them. What cannot be listed is left out: it is a finding of its own. */
export async function countBlobs(store: Store, pace: Pace): Promise<CountedBlobs> {
  const sizes = store.listings === undefined ? undefined : new DigestSizes();
  let [count, bytes] = [0, 0];
  for await (const place of listBlobs(store)) {
    await pace();
    if (!("digest" in place)) continue;
    const stat = await place.seen.objects.stat(blobKey(place.digest)).catch(() => undefined);
    count += 1;
    bytes += stat?.sizeBytes ?? 0;
    if (stat !== undefined) sizes?.set(place.digest, stat.sizeBytes);
  }
  return { count, bytes, sizes };
}
