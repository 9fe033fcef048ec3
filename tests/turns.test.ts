import { expect, test } from "bun:test";
import { longestTurnMs, longestTurnOfBestMs, shortMs, workedMs } from "./turns.ts";

test("longestTurnMs() tells of work without a pause, and of none where it pauses", async () => {
  const work = () => {
    const endMs = workedMs() + 15;
    while (workedMs() < endMs);
  };
  const inOne = await longestTurnMs(async () => {
    for (let step = 0; step < 4; step += 1) {
      work();
      await undefined;
    }
  });
  const inFour = await longestTurnMs(async () => {
    for (let step = 0; step < 4; step += 1) {
      work();
      await new Promise((resolve) => setImmediate(resolve));
    }
  });
  expect(inOne).toBeGreaterThan(inFour * 2);
});

test("longestTurnMs() does not count waiting", async () => {
  expect(await longestTurnOfBestMs(() => new Promise((resolve) => setTimeout(resolve, 30)))).toBeLessThan(shortMs());
});
