import { expect, test } from "bun:test";
import { createUpstreamWarnings } from "../../../src/app/caches/upstream-warnings.ts";

test("a warning names the upstream, the last reason and how often it failed, once a minute and host", () => {
  const lines: unknown[] = [];
  const timers: [() => void, number][] = [];
  const logger = { warn: (message: string, fields?: object) => void lines.push([message, fields]) };
  const warnings = createUpstreamWarnings(logger, (work, delayMs) => void timers.push([work, delayMs]));
  for (let count = 0; count < 500; count += 1) warnings.note("up.example", `down ${count}`);
  warnings.note("other.example", "gone");
  for (const [work] of timers.splice(0, 2)) work();
  const message = "an upstream is of no help";
  expect([lines, timers.map(([, delayMs]) => delayMs)]).toEqual([
    [
      [message, { upstream: "up.example", reason: "down 0", count: 1 }],
      [message, { upstream: "other.example", reason: "gone", count: 1 }],
      [message, { upstream: "up.example", reason: "down 499", count: 499 }],
    ],
    [60_000],
  ]);
});
