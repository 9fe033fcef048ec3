// What other processes, crashes and other registries do to a store.
import type { Digest } from "../../src/oci/digest.ts";
import { blobKey } from "../../src/registry/layout.ts";
import { trashNameOf } from "../../src/storage/trash-names.ts";
import type { LockedParts } from "../storage/contract.ts";
import { type Stocked, utf8 } from "./stocked.ts";

/** Puts the bytes into the trash, as a collector does that nobody had told of a link. */
export async function trashBlob({ store }: { readonly store: LockedParts }, digest: Digest): Promise<void> {
  const isMoved = await store.trash.discard(blobKey(digest), `${trashNameOf(blobKey(digest))}.run-1`);
  if (!isMoved) throw new Error(`${digest} is not in its place`);
}

/** Whether the bytes are in their place. */
export async function isInPlace({ store }: Pick<Stocked, "store">, digest: Digest): Promise<boolean> {
  return (await store.objects.stat(blobKey(digest))) !== undefined;
}

/** Leaves a file without bytes, as a power cut does that meets a registry which does not sync. */
export async function emptyBlob({ store }: Pick<Stocked, "store">, digest: Digest): Promise<void> {
  await store.objects.put(blobKey(digest), new Uint8Array());
}

/** What a damaged link holds. */
export const damagedLinks = [
  ["empty", utf8("")],
  ["of a newline", utf8("\n")],
  ["cut off", utf8("sha256:0123")],
  ["of another digest", utf8(`sha256:${"0".repeat(64)}`)],
] as const;
