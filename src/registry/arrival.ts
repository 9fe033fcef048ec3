// Blobs that arrive from another registry. Others may read the bytes while they come; they must keep the last ones back
// until the arrival is verified.
import { type Digest, digestAlgorithm } from "../oci/digest.ts";
import { type RunningHash, startHash } from "../oci/hash.ts";
import type { Following, Transfer } from "../storage/ports.ts";
import { commitBlob, hashStored } from "./ingest.ts";
import { blobKey, type TransferOrigin, transferKey, transfersPrefix } from "./layout.ts";
import type { Store } from "./store.ts";

/** A blob being received, held by its receiver. */
export class Arrival implements Disposable {
  readonly #digest: Digest;
  readonly #transfer: Transfer;
  /** Whether an earlier holder left bytes. */
  readonly isResumed: boolean;
  #hash: RunningHash;

  constructor(digest: Digest, transfer: Transfer, hash: RunningHash) {
    this.#digest = digest;
    this.#transfer = transfer;
    this.#hash = hash;
    this.isResumed = hash.sizeBytes > 0;
  }

  /** Bytes that are stored and hashed. */
  get sizeBytes(): number {
    return this.#hash.sizeBytes;
  }

  /** The hash of the bytes so far, to continue elsewhere when the disk is full. */
  forkHash(): RunningHash {
    return this.#hash.fork();
  }

  /** Adds bytes at the end; they are hashed while they are written. After a failure `sizeBytes` is as before. */
  async append(pieces: readonly Uint8Array[]): Promise<void> {
    const before = this.#hash.fork();
    const writing = this.#transfer.append(pieces);
    for (const piece of pieces) this.#hash.update(piece);
    try {
      await writing;
    } catch (error) {
      this.#hash = before;
      throw error;
    }
  }

  /** Whether the bytes are the blob. */
  isRight(): boolean {
    return this.#hash.digest() === this.#digest;
  }

  /** Makes the blob; see `commitBlob`. */
  async commit(): Promise<void> {
    await commitBlob(this.#transfer, { digest: this.#digest, actual: this.#hash.digest() });
  }

  /** Throws the bytes away. */
  async discard(): Promise<void> {
    await this.#transfer.discard();
  }

  [Symbol.dispose](): void {
    this.#transfer[Symbol.dispose]();
  }
}

/** Takes hold of the blob's arrival, and resumes what a holder that died has left; "busy" while another one has it. */
export async function openArrival(store: Store, origin: TransferOrigin): Promise<Arrival | "busy"> {
  const { digest } = origin;
  const transfer = await store.transfers.open(transferKey(origin));
  if (transfer === "busy") return "busy";
  try {
    const hash = startHash(digestAlgorithm(digest));
    if (transfer.sizeBytes > 0) await hashStored(transfer.content(), hash);
    return new Arrival(digest, transfer, hash);
  } catch (error) {
    transfer[Symbol.dispose]();
    throw error;
  }
}

/** Whether this process or another one holds the blob's arrival. */
export async function isArrivalHeld(store: Store, origin: TransferOrigin): Promise<boolean> {
  const transfer = await store.transfers.open(transferKey(origin));
  if (transfer === "busy") return true;
  transfer[Symbol.dispose]();
  return false;
}

/** A reader of bytes that are arriving, here or in another process; undefined if none are. */
export async function followArrival(store: Store, origin: TransferOrigin): Promise<Following | undefined> {
  return store.transfers.follow(transferKey(origin));
}

/** A reader of the blob that is stored; undefined if there is none. */
export async function followStored(store: Store, digest: Digest): Promise<Following | undefined> {
  return store.transfers.follow(blobKey(digest));
}

/** Removes what arrivals left behind that nobody has resumed for longer than this; returns how many. */
export async function sweepArrivals(store: Store, olderThanMs: number): Promise<number> {
  return store.transfers.sweep(transfersPrefix, olderThanMs);
}
