// Regular expressions of a distribution configuration. They are written for Go's RE2, which spells a few things
// otherwise; what cannot be said in JavaScript is refused rather than given another meaning.

/** What RE2 spells otherwise. */
const spellings: Readonly<Record<string, string>> = { "\\A": "^", "\\z": "$", "\\a": "\\x07", "(?P<": "(?<" };
/** Escapes that RE2 allows everywhere, and JavaScript only where they are needed. */
const needlessEscape = /^\\[!"#%&',:;<=>@_`~ -]$/;

/** The source for `new RegExp(source, "u")`, or why there is none. */
export function parsePattern(text: string): { readonly source: string } | { readonly problem: string } {
  const source = text
    .replace(/\\.|\(\?P</gs, (part) => spellings[part] ?? plainEscape(part))
    .replace(/^\(\?([ims]+)\)(.*)$/s, "(?$1:$2)");
  try {
    new RegExp(source, "u");
    return { source };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, "") : "";
    return { problem: `must be a regular expression (${reason})` };
  }
}

/** An escaped hyphen counts in a class and is an error elsewhere; as a code point it is right everywhere. */
function plainEscape(written: string): string {
  return needlessEscape.test(written) ? `\\x${written.charCodeAt(1).toString(16).padStart(2, "0")}` : written;
}
