import { expect, test } from "bun:test";
import { editDistance, findNearest } from "../../src/lib/nearest.ts";

test.each([
  ["", "", 0],
  ["addr", "addr", 0],
  ["adr", "addr", 1],
  ["addrs", "addr", 1],
  ["addr", "abdr", 1],
  ["adrd", "addr", 1],
  ["", "addr", 4],
  ["kitten", "sitting", 3],
])("editDistance(%p, %p)", (from, to, want) => {
  expect([editDistance(from, to), editDistance(to, from)]).toEqual([want, want]);
});

test.each([
  ["adr", "addr"],
  ["ADDR", "addr"],
  ["heaedrs", "headers"],
  ["tsl", "tls"],
  ["log", undefined],
  ["banana", undefined],
  ["", undefined],
  ["x", undefined],
])("findNearest(%p)", (word, want) => {
  expect(findNearest(word, ["addr", "headers", "host", "tls"])).toEqual(want);
});

test("findNearest() prefers the nearest, then the first", () => {
  expect(findNearest("hots", ["most", "host", "hosts"])).toEqual("host");
  expect(findNearest("abcx", ["abcd", "abce"])).toEqual("abcd");
});
