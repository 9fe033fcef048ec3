// What a store tells of an object, in the words of the contract of storage.
import type { Stat } from "../ports.ts";
import type { ObjectStat } from "./bucket-objects.ts";

const secondMs = 1000;

/**
 * Listings tell milliseconds and single objects whole seconds, so whole seconds count. The ETag tells contents apart: the
 * same bytes, put again, are the same object.
 */
export function describeObject({ sizeBytes, changedMs, etag }: ObjectStat, isDamaged = false): Stat {
  const secondsMs = changedMs - (changedMs % secondMs);
  return { sizeBytes, changedMs: secondsMs, modifiedMs: secondsMs, identity: etag, isDamaged };
}
