// All blobs of the store, whoever links them.
import { mapAhead } from "../lib/ahead.ts";
import { type Algorithm, algorithms, type Digest, parseAlgorithm } from "../oci/digest.ts";
import type { Key } from "../storage/ports.ts";
import { allBlobsPrefix, blobsPrefix, digestFromPath } from "./layout.ts";
import type { Store } from "./store.ts";
import { readsAtOnce, viewOf } from "./view.ts";

/** One of: a blob where its digest says, with the store as it was seen there; a key where no blob should lie, a prefix that the disk cannot list. */
export type BlobPlace =
  | { readonly digest: Digest; readonly seen: Store }
  | { readonly stray: Key }
  | { readonly unreadable: Key; readonly reason: string };

/** All blobs, and what else is among them. */
export async function* listBlobs(store: Store): AsyncGenerator<BlobPlace> {
  for (const name of await store.objects.list(allBlobsPrefix)) {
    if (parseAlgorithm(name) === undefined) yield { stray: `${allBlobsPrefix}/${name}` };
  }
  for (const algorithm of algorithms) {
    const stripes = await store.objects.list(blobsPrefix(algorithm));
    const list = (stripe: string) => listStripe(store, algorithm, stripe);
    for await (const { seen, prefix, stripe, names, error } of mapAhead(stripes, readsAtOnce(store), list)) {
      // One of 256: the others can be looked at.
      if (error !== undefined) yield { unreadable: prefix, reason: String(error) };
      for (const hex of names) {
        const digest = hex.startsWith(stripe) ? digestFromPath(algorithm, hex) : undefined;
        yield digest === undefined ? { stray: `${prefix}/${hex}` } : { digest, seen };
      }
    }
  }
}

async function listStripe(store: Store, algorithm: Algorithm, stripe: string) {
  const prefix = `${blobsPrefix(algorithm)}/${stripe}`;
  try {
    const seen = await viewOf(store, prefix);
    return { seen, prefix, stripe, names: await seen.objects.list(prefix), error: undefined };
  } catch (error) {
    return { seen: store, prefix, stripe, names: [], error };
  }
}
