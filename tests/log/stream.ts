// A stream whose reader takes every line at once.
import type { LineStream } from "../../src/log/line-output.ts";

/** Collects lines. */
export function streamTo(lines: string[]): LineStream {
  return { write: (line) => lines.push(line) > 0, once: () => undefined };
}
