import { expect, test } from "bun:test";
import { chooseTexts } from "../../src/ui/choose-texts.ts";

test.each([
  [["zh-CN", "en"], "zh-Hans"],
  [["zh"], "zh-Hans"],
  [["en-GB", "zh"], "en"],
  [["de", "zh-TW", "en"], "zh-Hans"],
  [["de"], "en"],
  [[], "en"],
])("chooseTexts() of %p", (languages, want) => {
  expect(chooseTexts(languages).language).toEqual(want);
});
