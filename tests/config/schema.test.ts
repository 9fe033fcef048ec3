import { expect, test } from "bun:test";
import { keyList } from "../../src/config/schema.ts";

test("every key stands in the table once", () => {
  const paths = keyList.map(({ path }) => path);
  expect(paths).toEqual([...new Set(paths)]);
});

test("names have no underscore, which separates the segments of a variable", () => {
  expect(keyList.filter(({ path }) => !/^[a-z0-9]+(\.[a-z0-9]+)*$/.test(path))).toEqual([]);
});

test("help is one sentence on one line", () => {
  expect(keyList.filter(({ help }) => !/^[A-Z][^\n]{10,130}[.]$/.test(help)).map(({ help }) => help)).toEqual([]);
});
