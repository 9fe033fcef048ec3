import { expect, test } from "bun:test";
import { chinese } from "../../src/ui/chinese.ts";
import { emptyTexts, forgetfulTexts } from "./sample-texts.ts";

test("no text is empty, and none forgets what it was given", () => {
  expect([emptyTexts(chinese), forgetfulTexts(chinese)]).toEqual([[], []]);
});

test("what is well is told apart from what is not", () => {
  expect([chinese.checkResult(0, 0) === chinese.checkResult(1, 0), chinese.keptBecause.touched("") === ""]).toEqual([
    false,
    false,
  ]);
});
