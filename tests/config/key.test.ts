import { expect, test } from "bun:test";
import { key } from "../../src/config/key.ts";
import { text } from "../../src/config/value-type.ts";

test("key() puts an entry at its place", () => {
  const entry = { type: text, default: undefined, help: "A help." };
  expect(key("a.b", entry)).toEqual({ path: "a.b", ...entry });
});
