// Which language the page speaks.
import { chinese } from "./chinese.ts";
import { english, type PageTexts } from "./english.ts";

/** The first language of the browser that the page has; English if it has none of them. */
export function chooseTexts(languages: readonly string[]): PageTexts {
  for (const language of languages) {
    const primary = language.toLowerCase().split("-")[0];
    if (primary === "zh") return chinese;
    if (primary === "en") return english;
  }
  return english;
}
