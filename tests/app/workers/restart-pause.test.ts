import { expect, test } from "bun:test";
import { restartPauseMs } from "../../../src/app/workers/restart-pause.ts";

test("the pause doubles with each failure, up to half a minute", () => {
  expect([0, 1, 2, 3, 9, 10, 1000].map(restartPauseMs)).toEqual([100, 100, 200, 400, 25_600, 30_000, 30_000]);
});
