import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";
import { english } from "../../src/ui/english.ts";
import { emptyTexts, forgetfulTexts } from "./sample-texts.ts";

test("no text is empty, and none forgets what it was given", () => {
  expect([emptyTexts(english), forgetfulTexts(english)]).toEqual([[], []]);
});

test("what is well is told apart from what is not", () => {
  expect([english.checkResult(0, 0) === english.checkResult(1, 0), english.keptBecause.touched("") === ""]).toEqual([
    false,
    false,
  ]);
});

test("every text is said somewhere", () => {
  const root = join(import.meta.dir, "../../src/ui");
  const views = [...new Glob("**/*.tsx").scanSync(root)]
    .map((file) => readFileSync(join(root, file), "utf8"))
    .join("\n");
  const unsaid = Object.keys(english).filter((name) => !new RegExp(`\\btexts\\.${name}\\b`).test(views));
  expect(unsaid).toEqual([]);
});
