// Room for blobs on their way into the cache. It is looked at while bytes come, by what is announced and what has come:
// pushes to the local repositories need the disk as well, and an upstream may send without end.

/** Of a disk. */
interface DiskSpace {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What may be taken. */
export interface CacheRoomOptions {
  readonly space: () => Promise<DiskSpace>;
  /** How large the cache may become. */
  readonly maxBytes: number;
}

/** What one blob holds: also after it has arrived, as long as its readers keep its file open. */
export interface RoomClaim {
  heldBytes: number;
}

/** How far a blob is. */
export interface Growth {
  /** With what is about to be written. */
  readonly arrivedBytes: number;
  /** Where somebody has said it. */
  readonly totalBytes: number | undefined;
}

/** Below this much free room nothing more is cached; a twentieth of the disk where that is less. */
const reservedBytes = 256 * 1024 * 1024;
const reservedShare = 0.05;
/** After so many more bytes, of all blobs together, the disk is looked at again. */
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

  /** Why a blob of this size is not to be begun; undefined where it may be. */
  async whyNot(sizeBytes: number): Promise<string | undefined> {
    if (sizeBytes > this.#options.maxBytes) return tooLarge;
    return this.#whyDiskFull(sizeBytes);
  }

  /** Why the blob may not become so large; undefined where it may, and then it holds that much. */
  async whyFull(claim: RoomClaim, { arrivedBytes, totalBytes }: Growth): Promise<string | undefined> {
    const isFirst = claim.heldBytes === 0;
    this.#unseenBytes += Math.max(0, arrivedBytes - claim.heldBytes);
    claim.heldBytes = arrivedBytes;
    const { maxBytes } = this.#options;
    if (Math.max(arrivedBytes, totalBytes ?? 0) > maxBytes) return tooLarge;
    const heldBytes = [...this.#claims].reduce((sum, each) => sum + each.heldBytes, 0);
    if (heldBytes > maxBytes) return "what is on its way together is larger than the cache may become";
    if (!isFirst && this.#unseenBytes < lookBytes) return undefined;
    this.#unseenBytes = 0;
    return this.#whyDiskFull(Math.max(0, (totalBytes ?? 0) - arrivedBytes));
  }

  async #whyDiskFull(moreBytes: number): Promise<string | undefined> {
    return isDiskLow(await this.#options.space(), moreBytes) ? "the disk is nearly full" : undefined;
  }
}

/** Whether so many more bytes would leave less than is to be kept free. */
export function isDiskLow({ freeBytes, totalBytes }: DiskSpace, moreBytes = 0): boolean {
  return freeBytes - moreBytes < Math.min(reservedBytes, totalBytes * reservedShare);
}
