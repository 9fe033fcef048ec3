// Pieces of long texts that are kept for longer than the text.

/** The same text in memory of its own. A piece that was cut out of another text keeps all of that text in memory. */
export function copyText(text: string): string {
  return Buffer.from(text).toString();
}
