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
  const token = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\//g;
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
  const letters = new Set([...source.replace(/\\[a-zA-Z]/g, ""), ...'< ,"/.\\:;=-_%a0A\n\t*({[é']);
  const singles = [...letters, ...words];
  return [...singles, ...['\\"', "a,", ", ", "a.", "a/", '",', "a=", "0.", "-a", "_a", "<a", "%2", "a ", "0a"]];
}

/** What comes before it: nothing, or what the expression wants to see first. */
function beginningsOf({ source }: RegExp): string[] {
  const words = source.match(/[A-Za-z]{2,}/g) ?? [];
  return ["", "a", "0", '"', "/", "[", "<", ...words.flatMap((word) => [word, `${word} `, `${word}=`, `${word}="`])];
}

/** The longest time that a text of this length takes, in milliseconds of the processor. */
function slowest(expression: RegExp, length: number): number {
  let slowestMs = 0;
  const texts = new Set(
    pumpsOf(expression).flatMap((pump) => beginningsOf(expression).map((beginning) => [beginning, pump] as const)),
  );
  for (const [beginning, pump] of texts) {
    // What comes at the end is nothing that an expression waits for.
    const text = `${beginning}${pump.repeat(Math.ceil(length / pump.length))}\u0000`;
    const before = process.cpuUsage();
    text.replace(expression, "");
    const { user, system } = process.cpuUsage(before);
    slowestMs = Math.max(slowestMs, (user + system) / 1000);
  }
  return slowestMs;
}

test("regular expressions are found", () => {
  const text = 'const a = /[/"]\\/x/g; // no /comment/\nconst b = 4 / 2 / 1; const c = "/no/".replace(/`/, "/");';
  expect(literalsOf(text).map(String)).toEqual(['/[/"]\\/x/g', "/`/"]);
  expect(expressions.length).toBeGreaterThan(70);
});

test.each(expressions)("%s: %p takes a time that grows with the text alone", (_file, expression) => {
  // A short text first: what takes forever there would take longer than anybody waits on a long one.
  for (const [length, atMostMs] of [
    [30, 50],
    [1000, 50],
    [30_000, 50],
  ] as const) {
    expect(slowest(expression, length)).toBeLessThan(atMostMs);
  }
});
