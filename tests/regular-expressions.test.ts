// No text of a stranger makes a regular expression backtrack: each one in the sources takes a time that grows with the
// length of the text, and no faster.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const sources = join(import.meta.dir, "../src");

/** A literal begins where an expression may begin: after an operator, an opening bracket or a keyword. */
const beforeLiteral = /(?:[(,=:[!&|?{};\n]|=>|\breturn)\s*$/;

/** The literals of a source text, in the order in which they stand there. */
function literalsOf(text: string): RegExp[] {
  const found: RegExp[] = [];
  // What may hold a slash is skipped: comments, strings, templates.
  const token = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\//g;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    if (match[0] !== "/" || !beforeLiteral.test(text.slice(Math.max(0, match.index - 40), match.index))) continue;
    const literal = /^\/((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([a-z]*)/.exec(text.slice(match.index));
    if (literal === null) continue;
    found.push(new RegExp(literal[1] ?? "", literal[2]));
    token.lastIndex = match.index + literal[0].length;
  }
  return found;
}

const expressions = [...new Glob("**/*.ts").scanSync(sources)].sort().flatMap((file) => {
  const found = literalsOf(readFileSync(join(sources, file), "utf8"));
  return found.map((expression) => [file, expression] as const);
});

/** What is said over and over: each letter that the expression knows, its words, and letters that mean something. */
function pumpsOf({ source }: RegExp): string[] {
  const words = source.match(/[A-Za-z]{2,}/g) ?? [];
  const letters = new Set([...source.replace(/\\[a-zA-Z]/g, ""), ...'< ,"/.\\a0\n']);
  const singles = [...letters, ...words];
  return [...singles, ...['\\"', "a,", ", ", "a.", "a/", '",', "a=", "0.", "-a", "_a", "<a", "%2", "a ", "0a"]];
}

/** What comes before it: nothing, or what the expression wants to see first. */
function beginningsOf({ source }: RegExp): string[] {
  const words = source.match(/[A-Za-z]{2,}/g) ?? [];
  const first = /^\^?((?:\\[^\w]|[\w:]\??)*)/.exec(source)?.[1]?.replace(/\\(.)|\?/g, "$1") ?? "";
  return ["", "a", "0", '"', "/", "[", "<", first, ...words.flatMap((word) => [word, `${word} `, `${word}="`])];
}

/** Whether some text of this length takes longer, in milliseconds of the processor. */
function isSlow(expression: RegExp, { length, atMostMs }: { readonly length: number; readonly atMostMs: number }) {
  for (const pump of pumpsOf(expression)) {
    for (const beginning of beginningsOf(expression)) {
      // What comes at the end is nothing that an expression waits for.
      const text = `${beginning}${pump.repeat(Math.ceil(length / pump.length))}\u0000`;
      // Once more where it was slow: other threads of this process may have worked meanwhile.
      if (replacingMs(text, expression) > atMostMs && replacingMs(text, expression) > atMostMs) return true;
    }
  }
  return false;
}

function replacingMs(text: string, expression: RegExp): number {
  const before = process.cpuUsage();
  text.replace(expression, "");
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

test("regular expressions are found", () => {
  const text = 'const a = /[/"]\\/x/g; // no /comment/\nconst b = 4 / 2 / 1; const c = "/no/".replace(/`/, "/");';
  expect(literalsOf(text).map(String)).toEqual(['/[/"]\\/x/g', "/`/"]);
  expect(expressions.length).toBeGreaterThan(70);
});

// What takes a second of 5000 characters takes half a minute of 30,000.
const lengths = [
  { length: 30, atMostMs: 50 },
  { length: 1000, atMostMs: 50 },
  { length: 20_000, atMostMs: 50 },
];

test.each([/<([^>]+)>/, /\/+$/, /^(a+)+$/, /^https?:\/\/([^/]+\.)*example\.com\//])(
  "%p would be found",
  (expression) => {
    expect(lengths.some((each) => isSlow(expression, each))).toBe(true);
  },
);

test.each(expressions)("%s: %p takes a time that grows with the text alone", (_file, expression) => {
  expect(lengths.find((each) => isSlow(expression, each))).toBeUndefined();
});
