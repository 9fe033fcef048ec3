import { expect, test } from "bun:test";
import { createThrottle } from "../../../src/registry/verify/throttle.ts";

test("createThrottle() keeps to a rate on average, and without one does not wait", async () => {
  let nowMs = 0;
  const throttle = createThrottle(1000, () => nowMs);
  const startedMs = performance.now();
  nowMs = 1000;
  await throttle(1000);
  const unhurriedMs = performance.now() - startedMs;
  await throttle(20);
  const hurriedMs = performance.now() - startedMs;
  expect([unhurriedMs < 15, hurriedMs >= 15]).toEqual([true, true]);
  // Frozen for an hour, it does not make up for that.
  nowMs += 3_600_000;
  const thawedMs = performance.now();
  await throttle(1020);
  expect(performance.now() - thawedMs).toBeGreaterThanOrEqual(15);
  expect(createThrottle(undefined, () => 0)(1e9)).resolves.toBeUndefined();
});
