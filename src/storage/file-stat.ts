// A file's status as the driver reports it.
import type { Stats } from "node:fs";
import type { Stat } from "./ports.ts";

const stickyBit = 0o1000;
const anyWrite = 0o222;
/**
 * That the bytes of a file are known to be wrong is said by its mode: sticky, which means nothing for a file, and not to
 * be written, which nothing else sets together. So it costs no look of its own, every process sees it, it goes where the
 * file is moved, and what replaces the file is without it.
 */
export const damagedMode = stickyBit | 0o400;

/** The driver's words for what the system says of a file. */
export function describeFile({ size, mtimeMs, ctimeMs, dev, ino, mode }: Stats): Stat {
  // A restored backup has old mtimes and new ctimes.
  return {
    sizeBytes: size,
    changedMs: Math.max(mtimeMs, ctimeMs),
    modifiedMs: mtimeMs,
    identity: `${dev}:${ino}`,
    isDamaged: (mode & (stickyBit | anyWrite)) === stickyBit,
  };
}
