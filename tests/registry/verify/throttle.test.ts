import { expect, test } from "bun:test";
import { createThrottle } from "../../../src/registry/verify/throttle.ts";

test("createThrottle() keeps to a rate on average, and without one does not wait", async () => {
  let nowMs = 0;
  const throttle = createThrottle(1000, () => nowMs);
  nowMs = 1000;
  // A pause would need a turn of the event loop, and more.
  const later = new Promise((resolve) => setImmediate(() => resolve("later")));
  expect(await Promise.race([throttle(1000).then(() => "at once"), later])).toBe("at once");
  const startedMs = performance.now();
  await throttle(20);
  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(15);
  // Frozen for an hour, it does not make up for that.
  nowMs += 3_600_000;
  const thawedMs = performance.now();
  await throttle(1020);
  expect(performance.now() - thawedMs).toBeGreaterThanOrEqual(15);
  expect(createThrottle(undefined, () => 0)(1e9)).resolves.toBeUndefined();
});
