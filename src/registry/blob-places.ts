// All blobs of the store, whoever links them.
import { algorithms, type Digest, parseAlgorithm } from "../oci/digest.ts";
import type { Key } from "../storage/driver.ts";
import { allBlobsPrefix, blobsPrefix, digestFromPath } from "./layout.ts";
import type { Store } from "./store.ts";

/** Digests of all blobs that lie where their digest says; what lies elsewhere is given as a key. */
export async function* listBlobs({
  driver,
}: Store): AsyncGenerator<{ readonly digest: Digest } | { readonly stray: Key }> {
  for (const name of await driver.list(allBlobsPrefix)) {
    if (parseAlgorithm(name) === undefined) yield { stray: `${allBlobsPrefix}/${name}` };
  }
  for (const algorithm of algorithms) {
    for (const stripe of await driver.list(blobsPrefix(algorithm))) {
      const prefix = `${blobsPrefix(algorithm)}/${stripe}`;
      for (const hex of await driver.list(prefix)) {
        const digest = hex.startsWith(stripe) ? digestFromPath(algorithm, hex) : undefined;
        yield digest === undefined ? { stray: `${prefix}/${hex}` } : { digest };
      }
    }
  }
}
