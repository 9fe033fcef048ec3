import { expect, test } from "bun:test";
import { createSweeper } from "../../src/lib/sweeper.ts";

test("createSweeper() sweeps after every so many bytes, and begins anew then", () => {
  let sweeps = 0;
  const done = createSweeper(100, () => {
    sweeps += 1;
  });
  const after = [60, 39, 1, 99, 500].map((bytes) => {
    done(bytes);
    return sweeps;
  });
  expect(after).toEqual([0, 0, 1, 1, 2]);
});
