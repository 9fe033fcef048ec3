import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatStrangerJson, quoteStranger, showStranger } from "../../src/lib/quoted.ts";

test.each([
  ["CN=Registry CA, O=Käse & Söhne 株式会社", '"CN=Registry CA, O=Käse & Söhne 株式会社"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ["a\nCA SHA-256  AA:BB", '"a\\u{a}CA SHA-256  AA:BB"'],
  ["\u001b[2K\u009b31m\u007f", '"\\u{1b}[2K\\u{9b}31m\\u{7f}"'],
  ["\u202egnp.exe\u2066\u200b\u2028\u00a0", '"\\u{202e}gnp.exe\\u{2066}\\u{200b}\\u{2028}\\u{a0}"'],
  ["x".repeat(100), `"${"x".repeat(100)}"`],
  [" ".repeat(200), `"${" ".repeat(100)}…"`],
  ["", '""'],
])("quoteStranger(%j)", (text, want) => {
  expect(quoteStranger(text)).toBe(want);
});

test("quoteStranger() is one short line in quotes, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const shown = quoteStranger(text);
      return /^"[^\p{C}\p{Zl}\p{Zp}]*"$/u.test(shown) && shown.length < 1000;
    }),
  );
});

test.each([
  ["a\u001b[2J\u202eb", 100, "a\\u{1b}[2J\\u{202e}b"],
  ['a "b" \\c', 100, 'a "b" \\c'],
  ["abcdef", 4, "abc…"],
  ["abcd", 4, "abcd"],
  ["", 4, ""],
])("showStranger(%j, %p)", (text, maxLength, want) => {
  expect(showStranger(text, maxLength)).toBe(want);
});

test("formatStrangerJson() says the same as JSON, and shows nothing hidden", () => {
  expect(formatStrangerJson({ a: ["\u009b2J\u202e", "é \u{e0001}"] })).toBe(
    '{"a":["\\u009b2J\\u202e","é \\udb40\\udc01"]}',
  );
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.string({ unit: "binary" })), (value) => {
      const text = formatStrangerJson(value, 2);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      return /^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(text.replaceAll("\n", ""));
    }),
  );
});
