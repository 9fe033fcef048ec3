import { expect, test } from "bun:test";
import fc from "fast-check";
import {
  canStandInUnit,
  formatCommandLine,
  formatPath,
  formatWholePath,
  isPlainWord,
  parseCommandLine,
} from "../../../src/cli/service/unit-words.ts";

test.each([
  ["/srv/registry", true],
  ["/srv/my data % $x \"q\" 'q' é", true],
  ["", false],
  ["/srv/a\nExecStartPre=/bin/sh", false],
  ["/srv/\tx", false],
  ["/srv/\u2028x", false],
  ["/srv/x ", false],
  [" /srv", false],
  ["/srv/x\\", false],
  ["/srv/\u{fffd}", false],
])("canStandInUnit(%j)", (text, want) => {
  expect(canStandInUnit(text)).toBe(want);
});

test.each([
  ["/srv/registry-1.2_3+x:5000@a=b,c~", true],
  ["a b", false],
  ["a%b", false],
  ["a$b", false],
  [";", false],
  ["'", false],
])("isPlainWord(%j)", (text, want) => {
  expect(isPlainWord(text)).toBe(want);
});

test.each([
  ["/srv/registry", "/srv/registry", "/srv/registry", "/srv/registry"],
  ["/my data", '"/my data"', '"/my data"', "/my data"],
  ["/50%h", '"/50%%h"', '"/50%%h"', "/50%%h"],
  ["/$HOME", '"/$$HOME"', '"/$HOME"', "/$HOME"],
  ['/a"b\\c', '"/a\\"b\\\\c"', '"/a\\"b\\\\c"', '/a"b\\c'],
  [";", '";"', '";"', ";"],
])("%j as an argument, a path in a list, and a whole setting", (text, argument, path, whole) => {
  expect([formatCommandLine(["/r", text]), formatPath(text), formatWholePath(text)]).toEqual([
    `/r ${argument}`,
    path,
    whole,
  ]);
});

test("parseCommandLine() reads what formatCommandLine() writes", () => {
  const word = fc.string({ unit: fc.constantFrom(..."ab /\"'\\%$;-"), minLength: 1 }).filter(canStandInUnit);
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      expect(parseCommandLine(formatCommandLine(words))).toEqual(words);
    }),
  );
});

test.each(["/r  serve", "/r 'a b'", "/r %h", '/r "a', "/r a\\ b", '/r "ab"'])(
  "parseCommandLine(%j) is undefined: nobody here writes that",
  (line) => {
    expect(parseCommandLine(line)).toBeUndefined();
  },
);
