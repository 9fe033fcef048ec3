// How an upload is cut into parts. Pure.

const mebibyte = 1024 * 1024;

/** What most parts have, and what is put with one request instead. */
export const usualPartBytes = 8 * mebibyte;
/** As many as a store takes. */
export const maxParts = 10_000;

/** How large a part is, by its number: larger ones later, so that ten thousand of them carry 240 GB. */
export function partBytesOf(number: number): number {
  if (number <= 1000) return usualPartBytes;
  return number <= 4000 ? 2 * usualPartBytes : 4 * usualPartBytes;
}
