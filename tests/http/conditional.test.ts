import { expect, test } from "bun:test";
import fc from "fast-check";
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

/** Entity tags as others send them; none of them is ours. */
const foreignTag = fc
  .tuple(fc.constantFrom("", "W/"), fc.string({ unit: fc.constantFrom("a", "b", ":", "/", "0", " "), maxLength: 10 }))
  .map(([weak, text]) => `${weak}"${text}"`)
  .filter((text) => !text.endsWith(tag));

test("matchesNone() finds the tag wherever it stands in a list, and in no list without it", () => {
  const space = fc.constantFrom("", " ", "\t");
  fc.assert(
    fc.property(
      fc.array(foreignTag),
      fc.array(foreignTag),
      space,
      fc.constantFrom("", "W/"),
      (before, after, gap, weak) => {
        const separator = `${gap},${gap}`;
        expect(matchesNone([...before, `${weak}${tag}`, ...after].join(separator), tag)).toBe(true);
        expect(matchesNone([...before, ...after].join(separator), tag)).toBe(false);
      },
    ),
  );
});

test("allowsRange() is strict, whatever the header", () => {
  fc.assert(
    fc.property(fc.oneof(foreignTag, fc.string()), (header) => {
      expect(allowsRange(header, tag)).toBe(header.trim() === tag);
    }),
  );
});
