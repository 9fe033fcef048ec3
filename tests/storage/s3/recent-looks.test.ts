import { expect, test } from "bun:test";
import { RecentLooks } from "../../../src/storage/s3/recent-looks.ts";

test("a look is used once, and not when it was long ago", () => {
  let nowMs = 0;
  const looks = new RecentLooks(() => nowMs);
  const stat = { sizeBytes: 1, changedMs: 2, etag: "e" };
  looks.note("a", stat);
  looks.note("b", stat);
  const first = [looks.take("a"), looks.take("a"), looks.take("none")];
  nowMs = 1000;
  expect([first, looks.take("b")]).toEqual([[stat, undefined, undefined], undefined]);
});
