// Whether a blob that looks wrong is wrong: found by reading all of it, once for each state that its file was in.
import { BoundedMap } from "../lib/bounded-map.ts";
import type { Digest } from "../oci/digest.ts";
import { inspectBlob } from "./blob-damage.ts";
import { blobKey } from "./layout.ts";
import type { Store } from "./store.ts";

const maxVerdicts = 1000;

/** Verdicts on the blobs of a store. */
export class BlobVerdicts {
  readonly #store: Store;
  /** By digest and state of the file, so that a push that heals it is seen. */
  readonly #verdicts = new BoundedMap<string, Promise<boolean>>(maxVerdicts);

  constructor(store: Store) {
    this.#store = store;
  }

  /** Whether the bytes in the blob's place hash to its digest. */
  async isWhole(digest: Digest): Promise<boolean> {
    const stat = await this.#store.objects.stat(blobKey(digest));
    if (stat === undefined) return false;
    const state = [digest, stat.identity, stat.sizeBytes, stat.modifiedMs].join(" ");
    const verdict = this.#verdicts.get(state) ?? this.#read(digest);
    this.#verdicts.set(state, verdict);
    return await verdict;
  }

  async #read(digest: Digest): Promise<boolean> {
    const verdict = await inspectBlob(this.#store, digest).catch(() => undefined);
    return verdict?.kind === "whole";
  }
}
