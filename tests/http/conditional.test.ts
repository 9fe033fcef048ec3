import { expect, test } from "bun:test";
import { allowsRange, formatEntityTag, matchesNone } from "../../src/http/conditional.ts";

const tag = formatEntityTag("sha256:ab");

test("formatEntityTag() makes a strong entity tag", () => {
  expect(tag).toEqual('"sha256:ab"');
});

test.each([
  [null, false],
  ["", false],
  ['"sha256:ab"', true],
  ['W/"sha256:ab"', true],
  ['"other", "sha256:ab"', true],
  ['"other",W/"sha256:ab" ', true],
  ["*", true],
  [" * ", true],
  ['"other"', false],
  ["sha256:ab", false],
  ['"sha256:ab', false],
  ['"*"', false],
])("matchesNone(%p)", (header, want) => {
  expect(matchesNone(header, tag)).toEqual(want);
});

test.each([
  [null, true],
  ['"sha256:ab"', true],
  [' "sha256:ab" ', true],
  ['"other"', false],
  // If-Range compares strongly.
  ['W/"sha256:ab"', false],
  ["Tue, 15 Nov 1994 12:45:26 GMT", false],
  ["", false],
])("allowsRange(%p)", (header, want) => {
  expect(allowsRange(header, tag)).toEqual(want);
});
