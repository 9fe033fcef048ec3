import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { explainReadError } from "../../src/lib/system-error.ts";

test.each([
  ["/none", "there is no such file"],
  ["/dev/null/x", "there is no such file"],
  ["/", "is a directory, not a file"],
  [`/${"x".repeat(300)}`, "cannot be read (ENAMETOOLONG)"],
])("explainReadError() of reading %s", (path, want) => {
  const read = () => {
    try {
      return readFileSync(path, "utf8");
    } catch (error) {
      return explainReadError(error);
    }
  };
  expect(read()).toBe(want);
});

test("explainReadError() of what is no error", () => {
  expect(explainReadError("x")).toBe("cannot be read (x)");
});
