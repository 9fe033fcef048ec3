import { expect, test } from "bun:test";
import { EngineClock } from "../../../src/storage/s3/engine-clock.ts";

test("a clock goes by the node until the store has told its time, and then by the store", () => {
  let [nodeMs, monotonicMs] = [5_000_000, 0];
  const clock = new EngineClock(
    () => nodeMs,
    () => monotonicMs,
  );
  const before = [clock.now(), clock.skewMs()];
  const learned = clock.learn("Thu, 01 Jan 1970 00:10:00 GMT");
  monotonicMs = 2_500;
  nodeMs += 2_500;
  expect([before, learned, clock.now(), clock.skewMs()]).toEqual([[5_000_000, 0], 600_000, 602_500, 4_400_000]);
});

test("an answer without a time, or with none that can be read, teaches nothing", () => {
  const clock = new EngineClock(() => 7);
  expect([clock.learn(null), clock.learn("yesterday"), clock.now()]).toEqual([undefined, undefined, 7]);
});
