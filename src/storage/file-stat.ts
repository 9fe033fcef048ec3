// What the driver tells of a file.
import type { Stats } from "node:fs";
import type { Stat } from "./driver.ts";

/** The driver's words for what the system says of a file. */
export function describeFile({ size, mtimeMs, ctimeMs, dev, ino }: Stats): Stat {
  // A restored backup has old mtimes and new ctimes.
  return {
    sizeBytes: size,
    changedMs: Math.max(mtimeMs, ctimeMs),
    modifiedMs: mtimeMs,
    identity: `${dev}:${ino}`,
  };
}
