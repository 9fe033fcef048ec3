// One object of the driver in memory.
import type { Stat } from "./driver.ts";

/** Its bytes, and what else is known of it. */
export interface StoredObject {
  bytes: Uint8Array<ArrayBuffer>;
  /** Of the last write or touch. */
  modifiedMs: number;
  /** Also of a move. */
  changedMs: number;
  readonly identity: number;
  isDamaged: boolean;
}

/** The driver's words for it. */
export function describeObject({ bytes, identity, ...rest }: StoredObject): Stat {
  return { sizeBytes: bytes.length, identity: String(identity), ...rest };
}
