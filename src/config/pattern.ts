// Regular expressions of a distribution configuration. They are written for Go's RE2 and mean here what they mean there,
// and like there a text is matched in a time that grows with its length: what they meet comes from strangers.

/** A regular expression that looks for itself anywhere in a text. */
export interface Pattern {
  test(text: string): boolean;
}

/** The pattern that a text writes, or why there is none. */
export function parsePattern(text: string): { readonly pattern: Pattern } | { readonly problem: string } {
  // An engine of 150 KB, for who has patterns.
  const { RE2JS } = require("re2js") as typeof import("re2js");
  try {
    return { pattern: RE2JS.compile(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "";
    return { problem: `must be a regular expression (${reason})` };
  }
}
