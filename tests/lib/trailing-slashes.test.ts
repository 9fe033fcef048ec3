import { expect, test } from "bun:test";
import { trimTrailingSlashes } from "../../src/lib/trailing-slashes.ts";

test.each([
  ["", ""],
  ["///", ""],
  ["https://a.example", "https://a.example"],
  ["https://a.example/b//", "https://a.example/b"],
])("trimTrailingSlashes(%p) is %p", (text, want) => {
  expect(trimTrailingSlashes(text)).toBe(want);
});
