import { expect, test } from "bun:test";
import { forEachAtOnce } from "../../src/lib/at-once.ts";

test("forEachAtOnce() works on so many items at once, and on each one once", async () => {
  let [running, most] = [0, 0];
  const done: number[] = [];
  await forEachAtOnce([1, 2, 3, 4, 5], 2, async (item) => {
    running += 1;
    most = Math.max(most, running);
    await Promise.resolve();
    running -= 1;
    done.push(item);
  });
  expect([most, done.sort()]).toEqual([2, [1, 2, 3, 4, 5]]);
});

test("forEachAtOnce() begins nothing after a failure, and waits for what runs", async () => {
  const seen: string[] = [];
  const work = forEachAtOnce(["slow", "fails", "never"], 2, async (item) => {
    if (item === "fails") throw new Error("failed");
    await Promise.resolve().then(() => Promise.resolve());
    seen.push(item);
  });
  expect(work).rejects.toThrow("failed");
  await work.catch(() => undefined);
  expect(seen).toEqual(["slow"]);
});
