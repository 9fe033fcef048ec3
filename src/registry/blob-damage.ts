// Damage: found by reading and hashing a blob, and moved out of the way. A mismatch is read once more, from the disk
// rather than from memory, before it counts.
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { startHash } from "../oci/hash.ts";
import type { Stat } from "../storage/ports.ts";
import { blobKey } from "./layout.ts";
import type { Store } from "./store.ts";

/** What was seen of a blob. */
export type BlobVerdict =
  | { readonly kind: "whole"; readonly stat: Stat }
  /** Removed, or replaced by a push, while it was read. */
  | { readonly kind: "gone" }
  | { readonly kind: "damaged"; readonly actual: Digest; readonly stat: Stat }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Reads a blob and compares its hash; `throttle`, told how many bytes were read, may pause the reading. */
export async function inspectBlob(
  store: Store,
  digest: Digest,
  throttle?: (sizeBytes: number) => Promise<void>,
): Promise<BlobVerdict> {
  const first = await readOnce(store, digest, throttle);
  if (first.kind !== "damaged") return first;
  await store.directory.dropCache(blobKey(digest)).catch(() => undefined);
  return await readOnce(store, digest, throttle);
}

async function readOnce(
  store: Store,
  digest: Digest,
  throttle: ((sizeBytes: number) => Promise<void>) | undefined,
): Promise<BlobVerdict> {
  const key = blobKey(digest);
  let stat: Stat | undefined;
  try {
    stat = await store.objects.stat(key);
  } catch (error) {
    return { kind: "unreadable", reason: String(error) };
  }
  const content = stat === undefined ? undefined : await store.objects.open(key);
  if (stat === undefined || content === undefined) return { kind: "gone" };
  const hash = startHash(digestAlgorithm(digest));
  try {
    for await (const chunk of content.stream()) {
      hash.update(chunk);
      await throttle?.(chunk.length);
    }
  } catch (error) {
    const isSame = (await store.objects.stat(key))?.identity === stat.identity;
    return isSame ? { kind: "unreadable", reason: String(error) } : { kind: "gone" };
  }
  const actual = hash.digest();
  if (actual === digest) return { kind: "whole", stat };
  const isSame = (await store.objects.stat(key))?.identity === stat.identity;
  return isSame ? { kind: "damaged", actual, stat } : { kind: "gone" };
}

/** A touch between the look and the move looks like a change, and is tried again. */
const maxTries = 5;

/**
 * Moves damaged bytes out of the way, so that the blob counts as missing and a push heals it. False when a push has
 * replaced them already.
 */
export async function quarantineBlob(store: Store, digest: Digest, judged: Stat): Promise<boolean> {
  const key = blobKey(digest);
  for (let attempt = 1; attempt <= maxTries; attempt += 1) {
    const stat = await store.objects.stat(key);
    if (stat?.identity !== judged.identity) return false;
    if (await store.garbage.setAside(key, stat)) return true;
  }
  return false;
}
