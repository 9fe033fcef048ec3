// A stranger's text, shown to a person: in quotes, so that its end is seen, short, and on one line. Nothing in it steers
// a terminal, turns the direction of writing, or hides.

const maxShown = 100;

/** The text as it may be shown. */
export function quoteStranger(text: string): string {
  const characters = Array.from(text.slice(0, 2 * maxShown + 1));
  const isCut = characters.length > maxShown;
  const shown = characters.slice(0, maxShown).join("").replaceAll(/["\\]/g, "\\$&").replaceAll(hidden, spell);
  return `"${shown}${isCut ? "…" : ""}"`;
}

/** Controls, marks of direction, what has no width, and every space but the plain one. */
const hidden = /[^\P{C}]|[^\P{Z} ]/gu;

function spell(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
