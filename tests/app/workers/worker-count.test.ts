import { expect, test } from "bun:test";
import { parseQuota, planWorkers, usableCores } from "../../../src/app/workers/worker-count.ts";

test.each([
  [undefined, true, 8, 1],
  [undefined, false, 8, 4],
  [undefined, false, 2, 2],
  [0, true, 8, 8],
  [3, true, 2, 3],
  [1, false, 8, 1],
])("planWorkers() %p, with a file: %p, on %p cores: %p", (configured, hasFile, cores, count) => {
  expect(planWorkers({ configured, hasFile, cores, spreadsConnections: true, keepsProcessesApart: true })).toEqual({
    count,
  });
});

test.each([
  [{ spreadsConnections: false, keepsProcessesApart: true }, "this system does not spread connections over several"],
  [
    { spreadsConnections: true, keepsProcessesApart: false },
    "the data's filesystem has no file locks to keep several apart",
  ],
])("planWorkers() with %p is one, and says so to who asked for more", (facts, obstacle) => {
  const plans = [undefined, 1, 2, 0].map((configured) =>
    planWorkers({ ...facts, hasFile: false, cores: 8, configured }),
  );
  const warning = `http.workers: one process serves, since ${obstacle}`;
  expect(plans).toEqual([{ count: 1 }, { count: 1 }, { count: 1, warning }, { count: 1, warning }]);
});

test.each([
  [8, undefined, 8],
  [8, 1.5, 2],
  [2, 16, 2],
  [4, 0.2, 1],
])("usableCores() of %p with a quota of %p: %p", (parallelism, quota, want) => {
  expect(usableCores(parallelism, quota)).toBe(want);
});

test("usableCores() of this machine is at least one", () => {
  expect(usableCores()).toBeGreaterThanOrEqual(1);
});

test.each([
  ["max 100000\n", undefined],
  ["150000 100000\n", 1.5],
  ["", undefined],
  ["5 0\n", undefined],
])("parseQuota(%p) is %p", (text, want) => {
  expect(parseQuota(text)).toBe(want);
});
