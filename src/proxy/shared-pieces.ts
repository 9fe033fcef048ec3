// Pieces of a growing file for many readers at about the same place: each piece is read once and shared by all of them.
import { BoundedMap } from "../lib/bounded-map.ts";

/** Reads at most `maxBytes` of the file from the offset on. */
export type ReadPiece = (offset: number, maxBytes: number) => Promise<Uint8Array>;

/** The grid on which pieces are shared. */
export const sharedPieceBytes = 64 * 1024;
/** How much a single reader reads at once. */
const lonePieceBytes = 256 * 1024;
/** 4 MiB. A reader that falls further behind reads for itself. */
const maxKept = 64;

/** The most recently read pieces. */
export class SharedPieces {
  readonly #kept = new BoundedMap<number, Promise<Uint8Array>>(maxKept);

  /** Bytes from the offset on, at most up to `end`, which must have arrived. They must not be changed. */
  async read(
    read: ReadPiece,
    { offset, end, isAlone }: { offset: number; end: number; isAlone: boolean },
  ): Promise<Uint8Array> {
    if (isAlone) return read(offset, Math.min(lonePieceBytes, end - offset));
    const index = Math.floor(offset / sharedPieceBytes);
    const start = index * sharedPieceBytes;
    // A piece that is still growing would be kept incomplete.
    if (start + sharedPieceBytes > end) return read(offset, end - offset);
    const piece = await this.#piece(index, read);
    return piece.subarray(offset - start);
  }

  #piece(index: number, read: ReadPiece): Promise<Uint8Array> {
    const kept = this.#kept.get(index);
    if (kept !== undefined) return kept;
    const reading = read(index * sharedPieceBytes, sharedPieceBytes);
    reading.catch(() => this.#kept.delete(index));
    this.#kept.set(index, reading);
    return reading;
  }

  /** Forgets everything, since another file is read from now on. */
  clear(): void {
    this.#kept.clear();
  }
}
