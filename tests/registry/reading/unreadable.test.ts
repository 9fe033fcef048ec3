import { expect, test } from "bun:test";
import { explainUnreadable } from "../../../src/registry/reading/unreadable.ts";

test.each([
  [Object.assign(new Error("EIO: i/o error, open '/var/lib/registry/x'"), { code: "EIO" }), "cannot be read (EIO)"],
  [new Error("/var/lib/registry/x"), "cannot be read (an unexpected error)"],
])("explainUnreadable() names the code and no path", (error, want) => {
  expect(explainUnreadable(error)).toBe(want);
});
