import { expect, test } from "bun:test";
import { planPause, usualTurnTimes } from "../../src/proxy/turn-times.ts";

const begun = { bytesPerSecond: undefined, arrivedBytes: 0, totalBytes: undefined };
const half = { bytesPerSecond: 12.5, arrivedBytes: 50, totalBytes: 100 };

test.each([
  ["short at first", { polls: 1, waitedMs: 0, note: begun }, 100],
  ["longer later", { polls: 3, waitedMs: 250, note: begun }, 225],
  ["not longer than a second", { polls: 2000, waitedMs: 10_000, note: begun }, 1000],
  ["not beyond the bound", { polls: 20, waitedMs: 19_700, note: begun }, 300],
  ["none after it", { polls: 20, waitedMs: 20_000, note: begun }, undefined],
  ["one for what will be there in time", { polls: 20, waitedMs: 15_000, note: half }, 1000],
  ["none for what will not", { polls: 20, waitedMs: 16_100, note: half }, undefined],
  ["none for a huge one", { polls: 9, waitedMs: 2500, note: { ...half, totalBytes: 1e9 } }, undefined],
  ["none for what comes no more", { polls: 9, waitedMs: 0, note: { ...half, bytesPerSecond: 0 } }, undefined],
  [
    "one for what is all here",
    { polls: 20, waitedMs: 0, note: { ...half, arrivedBytes: 100, bytesPerSecond: 0 } },
    1000,
  ],
  ["one for a size that nobody knows", { polls: 20, waitedMs: 15_000, note: { ...half, totalBytes: undefined } }, 1000],
])("the pause is %s", (_what, waiting, want) => {
  expect(planPause(waiting, usualTurnTimes)).toBe(want);
});
