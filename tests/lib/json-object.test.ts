import { expect, test } from "bun:test";
import { parseJsonObject } from "../../src/lib/json-object.ts";

test.each([
  ['{"a":1,"b":null}', { a: 1, b: null }],
  ["{}", {}],
  ["[1]", undefined],
  ["null", undefined],
  ['"text"', undefined],
  ["{", undefined],
  ["", undefined],
])("parseJsonObject(%p)", (text, want) => {
  expect(parseJsonObject(text)).toEqual(want);
});
