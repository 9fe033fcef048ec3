import { expect, test } from "bun:test";
import { headers } from "../../src/config/headers.ts";

function check(value: unknown): unknown {
  const result = headers.safeParse(value);
  return result.success ? result.data : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

test("headers with one line of Latin-1 are accepted", () => {
  const value = { "X-Content-Type-Options": ["nosniff"], "X-Two": ["a\tb", "\xe9"], "X-None": [] };
  expect(check(value)).toEqual(value);
});

test.each<[unknown, RegExp]>([
  [{ "X Y": ["a"] }, /^X Y: must be named like a header/],
  [{ "": ["a"] }, /^: must be named like a header/],
  [{ "X\r\nY": ["a"] }, /must be named like a header/],
  [{ "Content-Length": ["5"] }, /^Content-Length: must not be set/],
  [{ "transfer-encoding": ["chunked"] }, /must not be set/],
  [{ "X-A": ["a\r\nX-B: c"] }, /^X-A.0: must be a header value/],
  [{ "X-A": ["a\0"] }, /must be a header value/],
  [{ "X-A": ["\u20ac"] }, /must be a header value/],
  [{ "X-A": [["a"]] }, /^X-A.0: must be text/],
  [{ "X-A": "a" }, /^X-A: must be a list of values/],
  ["a", /^: must be a section of header names/],
])("headers refuse %p", (value, want) => {
  expect(check(value)).toEqual([expect.stringMatching(want)]);
});
