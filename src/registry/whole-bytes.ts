// The bytes of a manifest wherever they are, for readers of links that restore nothing: a collector or a check.
import { readContent } from "../lib/content.ts";
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { hashInTurns } from "../oci/hash.ts";
import { maxManifestBytes } from "../oci/manifest.ts";
import { blobKey } from "./layout.ts";
import { readWholeBytes } from "./manifest-memory.ts";
import type { Store } from "./store.ts";

const maxRounds = 3;

/**
 * Those that hash to the digest: in their place or, if a collector took them before they were linked, in the trash.
 * In rounds, since somebody may restore them meanwhile. Undefined: nowhere, damaged, unreadable or too large.
 */
export async function readWhole(store: Store, digest: Digest): Promise<Uint8Array | undefined> {
  for (let round = 1; round <= maxRounds; round += 1) {
    // A bad sector hurts one manifest, not a whole run.
    const bytes = await readWholeBytes(store, digest).catch(() => undefined);
    if (bytes !== undefined) return bytes;
    const entry = await store.garbage.open(blobKey(digest)).catch(() => undefined);
    if (entry === undefined && round > 1) return undefined;
    const isShort = entry !== undefined && entry.sizeBytes <= maxManifestBytes;
    const trashed = isShort ? await readContent(entry).catch(() => undefined) : undefined;
    if (trashed !== undefined && (await hashInTurns(trashed, digestAlgorithm(digest))) === digest) return trashed;
  }
  return undefined;
}
