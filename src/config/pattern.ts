// Regular expressions of a distribution configuration, in the syntax of Go's RE2. As with RE2, matching takes time linear
// in the text, since strangers send it.

/** A regular expression that may match anywhere in a text. */
export interface Pattern {
  test(text: string): boolean;
}

/** Parses a pattern, or says what is wrong with it. */
export function parsePattern(text: string): { readonly pattern: Pattern } | { readonly problem: string } {
  // The engine is 150 KB, loaded only if there are patterns.
  const { RE2JS } = require("re2js") as typeof import("re2js");
  try {
    return { pattern: RE2JS.compile(text) };
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "";
    return { problem: `must be a regular expression (${reason})` };
  }
}
