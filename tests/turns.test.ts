import { expect, test } from "bun:test";
import { longestTurnMs } from "./turns.ts";

test("longestTurnMs() tells of work without a pause, and of none where it pauses", async () => {
  const work = () => {
    const endMs = performance.now() + 15;
    while (performance.now() < endMs);
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
  expect(inFour).toBeLessThan(20);
  expect(inOne).toBeGreaterThan(inFour);
});

test("longestTurnMs() does not count waiting", async () => {
  expect(await longestTurnMs(() => new Promise((resolve) => setTimeout(resolve, 30)))).toBeLessThan(20);
});
