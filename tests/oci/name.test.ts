import { expect, test } from "bun:test";
import { parseRepositoryName } from "../../src/oci/name.ts";

test.each([
  ["a"],
  ["library/busybox"],
  ["a.b/c_d/e__f/g-h/i---j"],
  ["tags/list"],
  ["blobs/uploads"],
  ["0"],
  ["a".repeat(255)],
])("parseRepositoryName() accepts %p", (text) => {
  expect(parseRepositoryName(text)).toEqual(text as never);
});

test.each([
  [""],
  ["/"],
  ["a/"],
  ["/a"],
  ["a//b"],
  ["A"],
  ["a_"],
  ["_a"],
  ["a___b"],
  ["a..b"],
  ["a._b"],
  ["-a"],
  ["a-"],
  [".."],
  ["a/../b"],
  ["a%2fb"],
  ["a\\b"],
  ["a\0b"],
  ["ä"],
  ["a b"],
  ["a\n"],
  ["a".repeat(256)],
])("parseRepositoryName() refuses %p", (text) => {
  expect(parseRepositoryName(text)).toBeUndefined();
});

test("parseRepositoryName() takes linear time on names made to backtrack", () => {
  expect(parseRepositoryName(`${"a-".repeat(127)}!`)).toBeUndefined();
});
