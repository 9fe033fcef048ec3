import { expect, test } from "bun:test";
import { createProgress } from "../../src/cli/progress.ts";
import { fakeIo } from "./fake-io.ts";

/** Updates at the given times, then a clear; what was written. */
function shown(isTerminal: boolean, timesMs: readonly number[]): string {
  let nowMs = 0;
  const io = fakeIo({ isTerminal: !isTerminal, isErrorTerminal: isTerminal, now: () => nowMs });
  const progress = createProgress(io);
  for (const timeMs of timesMs) {
    nowMs = timeMs;
    progress.update(`at ${timeMs}`);
  }
  progress.clear();
  return io.errors();
}

test("a terminal shows one line that changes ten times a second at most, and goes away", () => {
  expect(shown(true, [10, 150, 160, 300])).toBe("\r\x1b[Kat 150\r\x1b[Kat 300\r\x1b[K");
});

test("elsewhere there is a plain line every ten seconds", () => {
  expect(shown(false, [10, 150, 10_000, 12_000, 20_000])).toBe("at 10000\nat 20000\n");
});

test("work that is done at once shows nothing", () => {
  expect([shown(true, [5]), shown(false, [5000])]).toEqual(["", ""]);
});
