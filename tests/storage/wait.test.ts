import { expect, test } from "bun:test";
import { tryUntil } from "../../src/storage/wait.ts";

test.each([0, -5, 1000])("tryUntil() makes the first try at once, with a wait of %p", async (waitMs) => {
  let tries = 0;
  const result = await tryUntil(() => {
    tries += 1;
    return "now";
  }, waitMs);
  expect([result, tries]).toEqual(["now", 1]);
});

test.each([0, -5])("tryUntil() with a wait of %p gives up after one try", async (waitMs) => {
  let tries = 0;
  const result = await tryUntil(() => {
    tries += 1;
    return undefined;
  }, waitMs);
  expect([result, tries]).toEqual([undefined, 1]);
});

test("tryUntil() tries again until there is a result, which may be false", async () => {
  const results = [undefined, undefined, false];
  expect([await tryUntil(() => results.shift(), 60_000), results]).toEqual([false, []]);
});

test("tryUntil() gives up when the time is over", async () => {
  const startMs = performance.now();
  const result = await tryUntil(() => undefined, 20);
  expect([result, performance.now() - startMs >= 19]).toEqual([undefined, true]);
});

test("tryUntil() lets what an attempt throws pass", async () => {
  const attempt = () => {
    throw new Error("broken");
  };
  await expect(tryUntil(attempt, 1000)).rejects.toThrow("broken");
});
