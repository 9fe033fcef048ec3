import { expect, test } from "bun:test";
import fc from "fast-check";
import { findFoldedKey, foldKeys, parseStrictJson, parseStrictJsonInTurns } from "../../src/lib/json.ts";

const wide = { maxDepth: 100, maxValues: 1e6, maxDifferentKeys: 1e6, maxEscapes: 1e6 };

function parse(text: string | Uint8Array): unknown {
  return parseStrictJson(typeof text === "string" ? new TextEncoder().encode(text) : text, { ...wide, maxDepth: 5 });
}

test.each([
  ["{}", {}],
  ['{"a":{"a":1},"b":[{"a":2},{"a":3}]}', { a: { a: 1 }, b: [{ a: 2 }, { a: 3 }] }],
  ['{"a":"a\\":\\"a","b":"{"}', { a: 'a":"a', b: "{" }],
  ['["a","a"]', ["a", "a"]],
  ['{"\\\\":1}', { "\\": 1 }],
])("parseStrictJson(%p)", (text, value) => {
  expect(parse(text)).toEqual({ value });
});

test.each([
  ["a key twice", '{"a":1,"a":2}', 'the key "a" is repeated in one object'],
  ["a key twice, once escaped", '{"a":1, "\\u0061" : 2}', 'the key "a" is repeated in one object'],
  ["a key twice, further down", '{"x":[{"b":1,"b":1}]}', 'the key "b" is repeated in one object'],
  ["half a document", '{"a":1', "the text is not valid JSON"],
  ["nothing", "", "the text is not valid JSON"],
  ["a byte order mark", "\ufeff{}", "the text is not valid JSON"],
  ["an open string", '{"a', "the text is not valid JSON"],
  ["one level too deep", "[".repeat(6), "objects and arrays are nested more than 5 deep"],
  ["a million levels", "[".repeat(1_000_000), "objects and arrays are nested more than 5 deep"],
  ["invalid UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "the text is not valid UTF-8"],
])("parseStrictJson() refuses %s", (_name, text, problem) => {
  expect(parse(text)).toEqual({ problem });
});

test.each([
  [{ size: 1, digest: 2, other: 3, OTHER: 4 }, undefined],
  [{}, undefined],
  [{ size: 1, Size: 2 }, "Size"],
  [{ DIGEST: 1 }, "DIGEST"],
  [{ "\u017fize": 1 }, "\u017fize"],
  [{ "\u212aind": 1 }, "\u212aind"],
])("findFoldedKey(%j)", (value, want) => {
  expect(findFoldedKey(value as object as Record<string, unknown>, foldKeys(["size", "digest", "kind"]))).toEqual(
    want as never,
  );
});

test("parseStrictJson() reads what JSON.parse() reads, where no key stands twice", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value);
      expect(parseStrictJson(new TextEncoder().encode(text), wide)).toEqual({ value: JSON.parse(text) });
    }),
  );
});

test("parseStrictJson() refuses a key that stands twice, however it is spelled", () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 2 }), (key, value) => {
      const escaped = [...key.toWellFormed()].map((character) =>
        Array.from(character, (_, index) => index)
          .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
          .join(""),
      );
      const rest = JSON.stringify(value);
      const text = `{${JSON.stringify(key.toWellFormed())}:${rest},"${escaped.join("")}":${rest}}`;
      expect(parseStrictJson(new TextEncoder().encode(text), wide)).toHaveProperty("problem");
    }),
  );
});

test("parseStrictJsonInTurns() says what parseStrictJson() does", async () => {
  const texts = ["{}", '{"a":1,"a":2}', '{"a"', `{"long":"${"x".repeat(200_000)}","a":[1],"a":[2]}`, "[".repeat(200)];
  for (const text of texts.map((one) => new TextEncoder().encode(one))) {
    expect(await parseStrictJsonInTurns(text, wide)).toEqual(parseStrictJson(text, wide));
  }
});
