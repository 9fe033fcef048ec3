// All blobs of the store, whoever links them.
import { type Algorithm, algorithms, type Digest, parseAlgorithm } from "../oci/digest.ts";
import type { Key } from "../storage/ports.ts";
import { allBlobsPrefix, blobsPrefix, digestFromPath } from "./layout.ts";
import type { Store } from "./store.ts";

/** One of: a blob where its digest says, a key where no blob should lie, a prefix that the disk cannot list. */
export type BlobPlace =
  | { readonly digest: Digest }
  | { readonly stray: Key }
  | { readonly unreadable: Key; readonly reason: string };

/** All blobs, and what else is among them. */
export async function* listBlobs(store: Store): AsyncGenerator<BlobPlace> {
  for (const name of await store.objects.list(allBlobsPrefix)) {
    if (parseAlgorithm(name) === undefined) yield { stray: `${allBlobsPrefix}/${name}` };
  }
  for (const algorithm of algorithms) {
    for (const stripe of await store.objects.list(blobsPrefix(algorithm))) yield* listStripe(store, algorithm, stripe);
  }
}

async function* listStripe(store: Store, algorithm: Algorithm, stripe: string): AsyncGenerator<BlobPlace> {
  const prefix = `${blobsPrefix(algorithm)}/${stripe}`;
  let names: readonly string[];
  try {
    names = await store.objects.list(prefix);
  } catch (error) {
    // One of 256: the others can be looked at.
    return yield { unreadable: prefix, reason: String(error) };
  }
  for (const hex of names) {
    const digest = hex.startsWith(stripe) ? digestFromPath(algorithm, hex) : undefined;
    yield digest === undefined ? { stray: `${prefix}/${hex}` } : { digest };
  }
}
