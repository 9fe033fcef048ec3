// A stranger's text, shown to a person: quoted, short, and on one line. Nothing in it controls a terminal, changes the
// writing direction, or hides.

const maxShown = 100;

/** The text, safe to show. */
export function quoteStranger(text: string): string {
  const characters = Array.from(text.slice(0, 2 * maxShown + 1));
  const isCut = characters.length > maxShown;
  const shown = characters.slice(0, maxShown).join("").replaceAll(/["\\]/g, "\\$&").replaceAll(hidden, spell);
  return `"${shown}${isCut ? "…" : ""}"`;
}

/** The text without quotes, safe to show in a line of its own; a longer one is cut. */
export function showStranger(text: string, maxLength: number): string {
  const characters = Array.from(text.slice(0, 2 * maxLength + 1));
  const isCut = characters.length > maxLength;
  const shown = isCut ? characters.slice(0, Math.max(maxLength - 1, 0)).join("") : characters.join("");
  return `${shown.replaceAll(hidden, spell)}${isCut ? "…" : ""}`;
}

/** A value with a stranger's texts as JSON for programs, which harms no terminal either. */
export function formatStrangerJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, null, indent).replaceAll(hiddenInJson, (character) => {
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
  });
}

/** Control and bidirectional characters, zero-width ones, and every space but the plain one. */
const hidden = /[^\P{C}]|[^\P{Z} ]/gu;
/** The lines of indented JSON are its own. */
const hiddenInJson = /[^\P{C}\n]|[^\P{Z} ]/gu;

function spell(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
