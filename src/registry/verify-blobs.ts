// Every blob, read and hashed. What is damaged is read once more, from the disk rather than from memory, before it counts.
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { startHash } from "../oci/hash.ts";
import type { Stat } from "../storage/driver.ts";
import { blobKey, blobTrashName } from "./layout.ts";
import type { Store } from "./store.ts";

/** What was seen of a blob. */
export type BlobVerdict =
  | { readonly kind: "whole"; readonly stat: Stat }
  /** Removed, or replaced by a push, while it was read. */
  | { readonly kind: "gone" }
  | { readonly kind: "damaged"; readonly actual: Digest; readonly stat: Stat }
  | { readonly kind: "unreadable"; readonly reason: string };

/** Waits as long as the rate asks for after so many bytes. */
export type Throttle = (sizeBytes: number) => Promise<void>;

/** Reads a blob and compares. */
export async function inspectBlob(store: Store, digest: Digest, throttle: Throttle): Promise<BlobVerdict> {
  const first = await readOnce(store, digest, throttle);
  if (first.kind !== "damaged") return first;
  await store.driver.dropCache(blobKey(digest)).catch(() => undefined);
  return await readOnce(store, digest, throttle);
}

async function readOnce(store: Store, digest: Digest, throttle: Throttle): Promise<BlobVerdict> {
  const key = blobKey(digest);
  let stat: Stat | undefined;
  try {
    stat = await store.driver.stat(key);
  } catch (error) {
    return { kind: "unreadable", reason: String(error) };
  }
  const content = stat === undefined ? undefined : await store.driver.open(key);
  if (stat === undefined || content === undefined) return { kind: "gone" };
  const hash = startHash(digestAlgorithm(digest));
  try {
    for await (const chunk of content.stream()) {
      hash.update(chunk);
      await throttle(chunk.length);
    }
  } catch (error) {
    const isSame = (await store.driver.stat(key))?.identity === stat.identity;
    return isSame ? { kind: "unreadable", reason: String(error) } : { kind: "gone" };
  }
  const actual = hash.digest();
  if (actual === digest) return { kind: "whole", stat };
  const isSame = (await store.driver.stat(key))?.identity === stat.identity;
  return isSame ? { kind: "damaged", actual, stat } : { kind: "gone" };
}

/** A touch between the look and the move looks like a change, and is tried again. */
const maxTries = 5;

/**
 * Moves damaged bytes out of the way, so that the blob counts as missing and a push heals it. False when a push did
 * already. Stopped half-way it leaves an ordinary entry of the trash, which comes back.
 */
export async function quarantineBlob(
  store: Store,
  digest: Digest,
  { judged, id }: { readonly judged: Stat; readonly id: string },
): Promise<boolean> {
  const key = blobKey(digest);
  const entry = `${blobTrashName(digest)}.${id}`;
  for (let attempt = 1; attempt <= maxTries; attempt += 1) {
    const stat = await store.driver.stat(key);
    if (stat?.identity !== judged.identity) return false;
    if (await store.driver.trashUnchanged(key, `${entry}-${attempt}.check`, stat)) {
      return await store.driver.renameTrash(`${entry}-${attempt}.check`, `${entry}-${attempt}.bad`);
    }
  }
  return false;
}

/** How much time that was not used may be made up for: more would be a burst, such as after a process was frozen. */
const madeUpMs = 1000;
/** A timer does not wait for longer. */
const longestWaitMs = 2 ** 31 - 1;

/** Keeps to so many bytes in a second, on average; undefined: as fast as it goes. */
export function createThrottle(bytesPerSecond: number | undefined, now: () => number): Throttle {
  let dueMs = now();
  return async (sizeBytes) => {
    if (bytesPerSecond === undefined) return;
    const nowMs = now();
    dueMs = Math.max(dueMs, nowMs - madeUpMs) + (sizeBytes / bytesPerSecond) * 1000;
    const aheadMs = Math.min(dueMs - nowMs, longestWaitMs);
    if (aheadMs > 1) await new Promise((resolve) => setTimeout(resolve, aheadMs));
  };
}
