// Room for blobs on their way into the cache. It is checked while bytes arrive, against the announced and the actual
// size: pushes to local repositories need the disk as well, and an upstream may send without end.

interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** How much room there is. */
export interface CacheRoomOptions {
  readonly space: () => Promise<DiskSpace>;
  /** How large the cache may become. */
  readonly maxBytes: number;
}

/** The room that one blob takes, also after it has arrived, for as long as its readers keep its file open. */
export interface RoomClaim {
  heldBytes: number;
}

/** How large a blob is becoming. */
export interface Growth {
  /** Including what is about to be written. */
  readonly arrivedBytes: number;
  /** Where it is known. */
  readonly totalBytes: number | undefined;
}

/** Nothing is cached when less than this is free, or less than a twentieth of a small disk. */
const reservedBytes = 256 * 1024 * 1024;
const reservedShare = 0.05;
/** The disk is checked again after this many bytes of all blobs together. */
const lookBytes = 4 * 1024 * 1024;
const tooLarge = "it is larger than the cache may become";

/** The room of one process. */
export class CacheRoom {
  readonly #options: CacheRoomOptions;
  readonly #claims = new Set<RoomClaim>();
  #unseenBytes = 0;

  constructor(options: CacheRoomOptions) {
    this.#options = options;
  }

  /** Begins a claim for one blob. */
  claim(): RoomClaim {
    const claim = { heldBytes: 0 };
    this.#claims.add(claim);
    return claim;
  }

  /** Ends the claim. */
  release(claim: RoomClaim): void {
    this.#claims.delete(claim);
  }

  /** Why a blob of this size cannot be cached; undefined if it can. */
  async whyNot(sizeBytes: number): Promise<string | undefined> {
    if (sizeBytes > this.#options.maxBytes) return tooLarge;
    return this.#whyDiskFull(sizeBytes);
  }

  /** Claims this much for the blob; returns why it cannot become so large, or undefined if it can. */
  async whyFull(claim: RoomClaim, { arrivedBytes, totalBytes }: Growth): Promise<string | undefined> {
    const isFirst = claim.heldBytes === 0;
    this.#unseenBytes += Math.max(0, arrivedBytes - claim.heldBytes);
    claim.heldBytes = arrivedBytes;
    const { maxBytes } = this.#options;
    if (Math.max(arrivedBytes, totalBytes ?? 0) > maxBytes) return tooLarge;
    const heldBytes = [...this.#claims].reduce((sum, each) => sum + each.heldBytes, 0);
    if (heldBytes > maxBytes) return "everything under way together is larger than the cache may become";
    if (!isFirst && this.#unseenBytes < lookBytes) return undefined;
    this.#unseenBytes = 0;
    return this.#whyDiskFull(Math.max(0, (totalBytes ?? 0) - arrivedBytes));
  }

  async #whyDiskFull(moreBytes: number): Promise<string | undefined> {
    return isDiskLow(await this.#options.space(), moreBytes) ? "the disk is nearly full" : undefined;
  }
}

/** Whether this many more bytes would use up what has to stay free. */
export function isDiskLow({ freeBytes, totalBytes }: DiskSpace, moreBytes = 0): boolean {
  return freeBytes - moreBytes < Math.min(reservedBytes, totalBytes * reservedShare);
}
