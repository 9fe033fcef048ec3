import { expect, test } from "bun:test";
import { fieldsOf, listOf, pairsOf, parseFields, sizeOf, textOf, textsOf } from "../../src/ui/json-fields.ts";

test.each([
  ['{"a":1}', { a: 1 }],
  ["[1]", undefined],
  ["null", undefined],
  ["{", undefined],
  ["", undefined],
])("parseFields() of %p", (text, want) => {
  expect(parseFields(text)).toEqual(want);
});

test("what is not of its kind is not there", () => {
  const wrong = [null, 1, "x", [], {}];
  expect([wrong.map(fieldsOf), wrong.map(listOf), wrong.map(textOf)]).toEqual([
    [undefined, undefined, undefined, undefined, {}],
    [[], [], [], [], []],
    [undefined, undefined, "x", undefined, undefined],
  ]);
});

test("lists and pairs keep what is of their kind", () => {
  expect([textsOf(["a", 1, null, "b"]), pairsOf({ a: "1", b: 2, c: { d: "" } }), pairsOf("x")]).toEqual([
    ["a", "b"],
    [["a", "1"]],
    [],
  ]);
});

test.each([
  [12, 12],
  [-1, 0],
  [Number.NaN, 0],
  [Number.POSITIVE_INFINITY, 0],
  ["12", 0],
])("sizeOf() of %p", (value, want) => {
  expect(sizeOf(value)).toEqual(want);
});
