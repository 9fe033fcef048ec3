import { expect, test } from "bun:test";
import { planWorkers, usableCores, usableMemoryBytes } from "../../../src/app/workers/worker-count.ts";

const mebibyte = 1024 * 1024;
const plenty = () => 64 * 1024 * mebibyte;
const eight = () => 8;

test.each([
  [undefined, true, 8, 1],
  [undefined, false, 8, 4],
  [undefined, false, 2, 2],
  [0, true, 8, 8],
  [3, true, 2, 3],
  [1, false, 8, 1],
])("planWorkers() %p, with a file: %p, on %p cores: %p", (configured, hasFile, cores, count) => {
  const facts = { memoryBytes: plenty, spreadsConnections: true, keepsProcessesApart: true };
  expect(planWorkers({ configured, hasFile, cores: () => cores, ...facts })).toEqual({ count });
});

test.each([
  [undefined, 64, 1],
  [undefined, 255, 1],
  [undefined, 256, 2],
  [undefined, 400, 3],
  [undefined, 100_000, 4],
  [4, 64, 4],
  [0, 64, 8],
])(
  "planWorkers() %p on eight cores with %p MiB: %p, since only who asks gets more than fit",
  (configured, memory, count) => {
    const facts = { hasFile: false, cores: eight, spreadsConnections: true, keepsProcessesApart: true };
    expect(planWorkers({ configured, memoryBytes: () => memory * mebibyte, ...facts })).toEqual({ count });
  },
);

test.each([
  [{ spreadsConnections: false, keepsProcessesApart: true }, "this system does not spread connections over several"],
  [
    { spreadsConnections: true, keepsProcessesApart: false },
    "the data's filesystem has no file locks to keep several apart",
  ],
])("planWorkers() with %p is one, and says so to who asked for more", (facts, obstacle) => {
  const plans = [undefined, 1, 2, 0].map((configured) =>
    planWorkers({ ...facts, hasFile: false, cores: eight, memoryBytes: plenty, configured }),
  );
  const warning = `http.workers: one process serves, since ${obstacle}`;
  expect(plans).toEqual([{ count: 1 }, { count: 1 }, { count: 1, warning }, { count: 1, warning }]);
});

test("planWorkers() does not ask about the machine if that does not matter", () => {
  const never = () => {
    throw new Error("asked");
  };
  const facts = { cores: never, memoryBytes: never, spreadsConnections: true, keepsProcessesApart: true };
  const plans = [undefined, 1, 3].map((configured) => planWorkers({ configured, hasFile: true, ...facts }));
  expect(plans).toEqual([{ count: 1 }, { count: 1 }, { count: 3 }]);
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

test("usableMemoryBytes() is the limit, if there is one below what the machine has", () => {
  expect([usableMemoryBytes(8, 3), usableMemoryBytes(8, undefined), usableMemoryBytes(8, 9)]).toEqual([3, 8, 8]);
  expect(usableMemoryBytes()).toBeGreaterThan(0);
});
