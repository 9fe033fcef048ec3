// A repository of a store as a destination, beside running servers: blobs come in through the gate that also verifies
// what a cache fetches, and manifests by the rules of a push.
import { setTimeout as pause } from "node:timers/promises";
import type { Descriptor } from "../oci/descriptor.ts";
import { RegistryError } from "../oci/errors.ts";
import { type Arrival, openArrival } from "../registry/arrival.ts";
import { addBlob } from "../registry/blobs.ts";
import { readUpstream, refusePush } from "../registry/cached.ts";
import { statBlob } from "../registry/find-blob.ts";
import type { Repository } from "../registry/repository.ts";
import type { Store } from "../registry/store.ts";
import { ifThere } from "./absence.ts";
import type { BlobArrival, DestinationPlace, Home } from "./place.ts";

/** What is written at once. */
const batchBytes = 1024 * 1024;
/** How often to look whether another process has finished the same blob. */
const pollMs = 100;
/** Tells what copies receive from what caches do; half a blob is resumed, whichever source it came from. */
const origin = "copies";

/** Whose repository it is, and for whom. */
export interface StoredPlace {
  readonly home: Home;
  /**
   * Whether a blob that other repositories of the store brought may be used here; absent where whoever chose the images
   * works on the store himself, and may use all of them.
   */
  readonly mayUse?: (blob: Descriptor) => Promise<boolean>;
}

/** Puts images into this repository; refuses one that is cached from another registry. */
export async function storeDestination(
  store: Store,
  repository: Repository,
  { home, mayUse = async () => true }: StoredPlace,
): Promise<DestinationPlace> {
  const { name, blobs, manifests } = repository;
  const upstream = await readUpstream(store, name);
  if (upstream !== undefined) refusePush(name, upstream);
  return {
    label: name,
    home,
    // What a manifest names may have been deleted since, and looking costs no request.
    isComplete: false,
    hasBlob: async (blob) => {
      const { digest, sizeBytes } = blob;
      const linked = await ifThere(blobs.promise(digest));
      if (linked !== undefined) return linked.sizeBytes === sizeBytes;
      if ((await statBlob(store, digest))?.sizeBytes !== sizeBytes) return false;
      return (await mayUse(blob)) && (await blobs.mount({ digest, from: undefined })) !== undefined;
    },
    mountBlob: async ({ digest }, from) => (await blobs.mount({ digest, from })) !== undefined,
    putBlob: async (blob, arriving) => {
      await receive(store, blob, arriving);
      const added = await addBlob(store, name, { digest: blob.digest, target: blob.digest });
      if (added === undefined) {
        throw new RegistryError("UNAVAILABLE", { message: `${blob.digest} was collected meanwhile; copy it again` });
      }
    },
    hasManifest: async (digest) => (await ifThere(manifests.promise({ kind: "digest", digest }))) !== undefined,
    tagged: async (tag) => (await ifThere(manifests.promise({ kind: "tag", tag })))?.digest,
    putManifest: async ({ bytes, digest, mediaType }, { tags }) => {
      await manifests.put({ bytes, contentType: mediaType, digest, tags });
    },
    finish: async () => {},
    abandon: async () => {},
  };
}

/** Ensures that the bytes are stored, by this copy or another one. */
async function receive(store: Store, blob: Descriptor, arriving: BlobArrival): Promise<void> {
  for (;;) {
    const arrival = await openArrival(store, { digest: blob.digest, upstream: origin });
    if (arrival !== "busy") {
      using held = arrival;
      if ((await fill(held, blob, arriving)) === "again") continue;
      return;
    }
    await pause(pollMs, undefined, { signal: arriving.signal });
    if ((await statBlob(store, blob.digest))?.sizeBytes === blob.sizeBytes) return;
  }
}

/** "again" where what an earlier attempt left behind was wrong; it is gone then. */
async function fill(arrival: Arrival, blob: Descriptor, arriving: BlobArrival): Promise<"stored" | "again"> {
  const { digest, sizeBytes } = blob;
  const offset = arrival.sizeBytes;
  if (offset > sizeBytes) {
    await arrival.discard();
    return "again";
  }
  if (offset > 0) arriving.onResumed(offset);
  if (offset < sizeBytes) await append(arrival, blob, arriving);
  if (arrival.isRight()) {
    await arrival.commit();
    return "stored";
  }
  await arrival.discard();
  if (arrival.isResumed) return "again";
  throw new RegistryError("DIGEST_INVALID", { message: `the source sent other bytes than ${digest}` });
}

async function append(arrival: Arrival, { digest, sizeBytes }: Descriptor, arriving: BlobArrival): Promise<void> {
  const { read, signal } = arriving;
  let batch: Uint8Array[] = [];
  let batchedBytes = 0;
  const flush = async () => {
    const pieces = batch;
    batch = [];
    batchedBytes = 0;
    if (pieces.length > 0) await arrival.append(pieces);
  };
  try {
    for await (const chunk of read({ offset: arrival.sizeBytes, signal })) {
      signal.throwIfAborted();
      batch.push(chunk);
      batchedBytes += chunk.length;
      if (arrival.sizeBytes + batchedBytes > sizeBytes) {
        await arrival.discard();
        batch = [];
        throw new RegistryError("DIGEST_INVALID", {
          message: `the source sent more than the ${sizeBytes} bytes of ${digest}`,
        });
      }
      if (batchedBytes >= batchBytes) await flush();
    }
  } finally {
    // What came before a break is kept for the next attempt.
    await flush();
  }
  if (arrival.sizeBytes < sizeBytes) {
    throw new RegistryError("UPSTREAM_UNREACHABLE", {
      message: `the source sent only ${arrival.sizeBytes} of the ${sizeBytes} bytes of ${digest}`,
    });
  }
}
