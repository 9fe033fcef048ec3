// The texts of the page with samples in them.
import type { PageTexts } from "../../src/ui/english.ts";

/** Texts that say nothing. */
export function emptyTexts(texts: PageTexts): string[] {
  return Object.entries(texts).flatMap(([name, text]) => (text === "" ? [name] : []));
}

/** Texts that lack something that they were given. */
export function forgetfulTexts(texts: PageTexts): string[] {
  const counts = [1, 2, 12_345].flatMap((count) =>
    [
      texts.tagCount(count),
      texts.shown(count),
      texts.aliasesMore(count),
      texts.selectMatching(count),
      texts.selectedCount(count),
      texts.goingTags(count),
      texts.goingManifests(count),
      texts.deleteNow(count),
      texts.deleted(count),
      texts.keptMeanwhile(count),
      texts.andMore(count),
      texts.answersSince(count, 0),
      texts.answersSince(0, count),
      texts.moreOf(count),
      texts.blobCount(count),
      texts.sessionCount(count),
    ].map((text) => [text, count.toLocaleString(texts.language)] as const),
  );
  const others = [
    [texts.loggedInAs("alice"), "alice"],
    [texts.copyWhat("digest"), "digest"],
    [texts.cacheOf("https://r"), "https://r"],
    [texts.open("team"), "team"],
    [texts.select("v1"), "v1"],
    [texts.matching(3, 3), "3"],
    [texts.matching(3, 12), "12"],
    [texts.matching(3, 12), "3"],
    [texts.keptBecause.tag("v1"), "v1"],
    [texts.keptBecause.index("sha256:a"), "sha256:a"],
    [texts.keptBecause.subject("sha256:a"), "sha256:a"],
    [texts.freed(60, "243 MB"), "60"],
    [texts.freed(60, "243 MB"), "243 MB"],
    [texts.freeBy("tomorrow"), "tomorrow"],
    [texts.sharedStays(3, "2 MB"), "2 MB"],
    [texts.deleting(5, 10), "10"],
    [texts.configTooLarge("4 GB"), "4 GB"],
    [texts.garbageFree("tomorrow"), "tomorrow"],
    [texts.contents(71, 72, 73), "71"],
    [texts.contents(71, 72, 73), "73"],
    [texts.every("24 hours"), "24 hours"],
    [texts.collectionResult("243 MB"), "243 MB"],
    [texts.checkResult(8, 9), "8"],
    [texts.checkResult(0, 9), "9"],
  ] as const;
  return [...counts, ...others].flatMap(([text, part]) => (text.includes(part) ? [] : [`${text} lacks ${part}`]));
}
