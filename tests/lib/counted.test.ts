import { expect, test } from "bun:test";
import { counted } from "../../src/lib/counted.ts";

test.each([
  [0, "tag", "0 tags"],
  [1, "tag", "1 tag"],
  [2, "tag", "2 tags"],
  [0, "repository", "0 repositories"],
  [1, "repository", "1 repository"],
  [12, "repository", "12 repositories"],
])("counted(%p, %p) is %p", (count, what, text) => {
  expect(counted(count, what)).toBe(text);
});
